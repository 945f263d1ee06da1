/**
 * Total variation (Dey et al., Microsc. Res. Tech. 69 (2006) 260-266) with the differences that docs/algorithms.md
 * prescribes: what each voxel of an update is multiplied by.
 */
import type { ImageName, MemoryLayout } from "../memory_layout.ts";
import { GROUP_ROWS } from "./row_exchange.ts";

/** Weight, and the difference between neighbours (intensity) below which it hardly counts. */
interface TotalVariationTerm {
  readonly weight: number;
  readonly smoothing: number;
}

/** Inverse lengths of the smoothed gradients of a row, `1 / sqrt(|grad|^2 + smoothing^2)`. */
type InverseNorms = Float64Array;

/** Works row by row on images in the shared memory. */
export class Variation {
  readonly #layout: MemoryLayout;
  readonly #floats: Float32Array<ArrayBufferLike>;
  /** For the row itself, the one before it along z, the one before it along y. */
  readonly #norms: readonly [InverseNorms, InverseNorms, InverseNorms];

  constructor(layout: MemoryLayout, memory: WebAssembly.Memory) {
    this.#layout = layout;
    this.#floats = new Float32Array(memory.buffer);
    const row = () => new Float64Array(layout.box[2]);
    this.#norms = [row(), row(), row()];
  }

  /** Sets `1 / max(1 - weight div(grad u / |grad u|), 0.5)` of the image `u` for a group of rows (counted over all planes). */
  compute(group: number, image: ImageName, term: TotalVariationTerm): void {
    const z = Math.floor(group / this.#layout.groups);
    const first = (group % this.#layout.groups) * GROUP_ROWS;
    for (let y = first; y < Math.min(this.#layout.box[1], first + GROUP_ROWS); y++) {
      this.#computeRow(z, y, image, term);
    }
  }

  #computeRow(z: number, y: number, image: ImageName, { weight, smoothing }: TotalVariationTerm): void {
    const floats = this.#floats;
    const [nz, ny, nx] = this.#layout.box;
    const [norm, normBeforeZ, normBeforeY] = this.#norms;
    const [beforeZ, beforeY] = [(z + nz - 1) % nz, (y + ny - 1) % ny];
    this.#inverseNorms(norm, z, y, image, smoothing);
    this.#inverseNorms(normBeforeZ, beforeZ, y, image, smoothing);
    this.#inverseNorms(normBeforeY, z, beforeY, image, smoothing);
    const here = this.#row(z, y, image);
    const [zBefore, yBefore] = [this.#row(beforeZ, y, image), this.#row(z, beforeY, image)];
    const [zAfter, yAfter] = [this.#row((z + 1) % nz, y, image), this.#row(z, (y + 1) % ny, image)];
    const target = this.#row(z, y, "variation");
    let previous = floats[here + GROUP_ROWS * (nx - 1)];
    let normBeforeX = norm[nx - 1];
    for (let x = 0; x < nx; x++) {
      const at = GROUP_ROWS * x;
      const u = floats[here + at];
      const next = floats[here + GROUP_ROWS * ((x + 1) % nx)];
      const forward = (floats[zAfter + at] - u + floats[yAfter + at] - u + next - u) * norm[x];
      const backward = (u - floats[zBefore + at]) * normBeforeZ[x] + (u - floats[yBefore + at]) * normBeforeY[x] +
        (u - previous) * normBeforeX;
      floats[target + at] = 1 / Math.max(1 - weight * (forward - backward), 0.5);
      previous = u;
      normBeforeX = norm[x];
    }
  }

  #inverseNorms(norms: InverseNorms, z: number, y: number, image: ImageName, smoothing: number): void {
    const floats = this.#floats;
    const [nz, ny, nx] = this.#layout.box;
    const here = this.#row(z, y, image);
    const [zAfter, yAfter] = [this.#row((z + 1) % nz, y, image), this.#row(z, (y + 1) % ny, image)];
    for (let x = 0; x < nx; x++) {
      const at = GROUP_ROWS * x;
      const u = floats[here + at];
      const [dz, dy] = [floats[zAfter + at] - u, floats[yAfter + at] - u];
      const dx = floats[here + GROUP_ROWS * ((x + 1) % nx)] - u;
      norms[x] = 1 / Math.sqrt(dz * dz + dy * dy + dx * dx + smoothing * smoothing);
    }
  }

  /** Index of the first voxel of a row; the next ones follow at distances of eight. */
  #row(z: number, y: number, image: ImageName): number {
    const { images, imagePlanePitch, groupPitch } = this.#layout;
    const group = Math.floor(y / GROUP_ROWS);
    return (images[image]! + z * imagePlanePitch + group * groupPitch) / 4 + (y % GROUP_ROWS);
  }
}
