/** The volume that the benchmarks of reading and writing are about. */
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";

/** Photon counts of soft blobs: compresses about as microscope images do. */
export function testVolume(shape: Vec3): Uint16Array<ArrayBuffer> {
  const [, height, width] = shape;
  let state = 1;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const wave = (length: number, period: number) =>
    Float64Array.from({ length }, (_, i) => Math.max(0, Math.sin((2 * Math.PI * i) / period)));
  const [alongZ, alongY, alongX] = [wave(shape[0], 40), wave(height, 230), wave(width, 170)];
  return Uint16Array.from({ length: voxelCount(shape) }, (_, i) => {
    const x = i % width, y = Math.floor(i / width) % height, z = Math.floor(i / (width * height));
    const mean = 100 + 900 * alongZ[z]! * alongY[y]! * alongX[x]!;
    // A sum of uniform numbers is near enough to Gaussian, and so is photon noise at these counts.
    return mean + Math.sqrt(mean) * (random() + random() + random() - 1.5) * 2;
  });
}
