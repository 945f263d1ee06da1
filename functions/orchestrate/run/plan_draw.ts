/** Random numbers that belong to a plan: the same job draws the same. */
import { threefry2x32 } from "shared/decide/threefry.ts";

/** From 0 to 1, exclusive; the same for the same plan and draw. */
export function planDraw(planHash: string, draw: number): number {
  const bits = new Uint32Array(2);
  const word = (digit: number) => Number.parseInt(planHash.slice(digit, digit + 8), 16);
  threefry2x32([word(0), word(8)], [draw, 0], bits);
  return bits[0]! / 2 ** 32;
}
