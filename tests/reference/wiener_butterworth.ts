/**
 * The transform of the Wiener-Butterworth back-projector (Guo et al., Nat. Biotechnol. 38 (2020) 1337-1346) by the formulas
 * of kernels/wiener_butterworth.ts, written a second time so that the two can be compared.
 */
import type { Volume } from "kernels/deconvolver.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import type { Complex } from "./dft.ts";

/** @param otf transform of the normalised and centred PSF in the box */
export function wienerButterworthOtf(psf: Volume, otf: Complex, box: Vec3): Complex {
  const alpha = 0.001;
  const cutOff = ([0, 1, 2] as const).map((axis) => 1 / halfHeightWidth(lineThroughPeak(psf, axis)));
  const beta = ([1, 2] as const).map((axis) => Math.abs(magnitudeAt(marginal(psf, axis), cutOff[axis])));
  const lateral = (beta[0] + beta[1]) / 2;
  const wienerAtCutOff = 1 / (lateral ** 2 + alpha);
  const filter = otf.re.map((re, index) => {
    const k = frequencies(index, box);
    const butterworth = (k[0] / cutOff[0]) ** 2 + (k[1] / cutOff[1]) ** 2 + (k[2] / cutOff[2]) ** 2;
    const wiener = 1 / (re ** 2 + otf.im[index] ** 2 + alpha);
    return (1 + alpha) * wiener / Math.sqrt(1 + Math.max(0, wienerAtCutOff ** 2 - 1) * butterworth ** 10);
  });
  return { re: otf.re.map((re, i) => re * filter[i]), im: otf.im.map((im, i) => -im * filter[i]) };
}

/** Cycles per voxel along z, y, x of one entry of a transform. */
function frequencies(index: number, box: Vec3): number[] {
  const position = [Math.floor(index / (box[1] * box[2])), Math.floor(index / box[2]) % box[1], index % box[2]];
  return position.map((i, axis) => (i <= box[axis] / 2 ? i : i - box[axis]) / box[axis]);
}

function positionOf(index: number, shape: Vec3): number[] {
  return [Math.floor(index / (shape[1] * shape[2])), Math.floor(index / shape[2]) % shape[1], index % shape[2]];
}

/** The values along `axis` through the brightest voxel, one 0 beyond each end. */
function lineThroughPeak({ shape, values }: Volume, axis: number): number[] {
  const peak = positionOf(values.indexOf(values.reduce((a, b) => Math.max(a, b))), shape);
  const line = [...values].filter((_, i) =>
    positionOf(i, shape).every((p, other) => other === axis || p === peak[other])
  );
  return [0, ...line, 0];
}

/** Distance between the two places where a line crosses half of its maximum, straight lines between samples. */
export function halfHeightWidth(line: readonly number[]): number {
  const peak = line.indexOf(Math.max(...line));
  const half = line[peak] / 2;
  const crossing = (outside: number, inside: number) =>
    inside + (outside - inside) * (line[inside] - half) / (line[inside] - line[outside]);
  let right = peak;
  while (line[right] > half) right++;
  let left = peak;
  while (line[left] > half) left--;
  return crossing(right, right - 1) - crossing(left, left + 1);
}

/** Sums of all voxels that share a position along `axis`. */
function marginal({ shape, values }: Volume, axis: number): number[] {
  const sums = new Array<number>(shape[axis]).fill(0);
  values.forEach((value, index) => sums[positionOf(index, shape)[axis]] += value);
  return sums;
}

function magnitudeAt(profile: readonly number[], frequency: number): number {
  const cos = profile.reduce((total, value, i) => total + value * Math.cos(2 * Math.PI * frequency * i), 0);
  const sin = profile.reduce((total, value, i) => total + value * Math.sin(2 * Math.PI * frequency * i), 0);
  return Math.sqrt(cos ** 2 + sin ** 2) / profile.reduce((a, b) => a + b, 0);
}
