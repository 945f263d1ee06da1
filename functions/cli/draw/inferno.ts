/** Black to yellow, as pictures of light are often shown. */
import type { Color } from "./png_canvas.ts";

/** Colors of even perceived steps from black over red to yellow: inferno of matplotlib, every eighth of the way. */
const INFERNO: readonly Color[] = [
  [0, 0, 4],
  [31, 12, 72],
  [85, 15, 109],
  [136, 34, 106],
  [186, 54, 85],
  [227, 89, 51],
  [249, 140, 10],
  [249, 201, 50],
  [252, 255, 164],
];

/** The color of a grey level from 0 to 1. */
export function inferno(grey: number): Color {
  const position = grey * (INFERNO.length - 1);
  const low = Math.min(INFERNO.length - 2, Math.floor(position));
  const weight = position - low;
  const mix = (channel: 0 | 1 | 2) => INFERNO[low][channel] * (1 - weight) + INFERNO[low + 1][channel] * weight;
  return [mix(0), mix(1), mix(2)];
}
