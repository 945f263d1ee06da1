/**
 * Images between the plain order of the box (x, then y, then z, staged where the spectrum lies otherwise) and the order of
 * the row kernels (the eight voxels of a group of rows side by side), one group of rows at a time.
 */
import type { Box } from "shared/volume/geometry.ts";
import type { ImageName, MemoryLayout } from "../memory_layout.ts";
import { GROUP_ROWS } from "./row_exchange.ts";
import type { ImageSummary } from "../threads/shared_control.ts";

/** Values that {@link ImageExchange.fill} sets: `inside`, or the data less `background` if it is not given. */
interface Filling {
  readonly inside?: number;
  readonly background?: number;
  readonly outside: number;
}

/** Reads and writes images in the shared memory; `group` counts groups of rows over all planes. */
export class ImageExchange {
  readonly #layout: MemoryLayout;
  readonly #floats: Float32Array<ArrayBufferLike>;
  readonly #sums: Float64Array<ArrayBufferLike>;

  constructor(layout: MemoryLayout, memory: WebAssembly.Memory) {
    this.#layout = layout;
    this.#floats = new Float32Array(memory.buffer);
    this.#sums = new Float64Array(memory.buffer, layout.sums, 4 * layout.box[0] * layout.groups);
  }

  /** Copies staged values as they are. */
  read(group: number, name: ImageName): void {
    this.#forEachRow(group, name, (staged, voxels) => {
      for (let x = 0; x < staged.length; x++) voxels[GROUP_ROWS * x] = staged[x];
    });
  }

  /** Copies staged data, negative ones as 0, and `unobserved` outside `observed`; keeps sums for {@link summarise}. */
  readData(group: number, observed: Box, unobserved: number): void {
    let groupSum = 0;
    let groupPeak = 0;
    let badVoxel = -1;
    this.#forEachRow(group, "data", (staged, voxels, rowIndex) => {
      const [start, end] = this.#observedSpan(rowIndex, observed);
      // Locals of this function, which stay in registers; variables outside of it would not.
      let [sum, peak, difference] = [0, 0, 0];
      for (let x = 0; x < staged.length; x++) voxels[GROUP_ROWS * x] = unobserved;
      for (let x = start; x < end; x++) {
        const value = staged[x];
        const counted = value > 0 ? value : 0;
        voxels[GROUP_ROWS * x] = counted;
        sum += counted;
        if (counted > peak) peak = counted;
        // NaN as soon as one value is NaN or infinite.
        difference += value - value;
      }
      groupSum += sum;
      groupPeak = Math.max(groupPeak, peak);
      if (difference !== 0 && badVoxel < 0) {
        const x = staged.findIndex((value, i) => i >= start && i < end && !Number.isFinite(value));
        badVoxel = rowIndex * staged.length + x;
      }
    });
    this.#sums.set([groupSum, groupPeak, badVoxel], 4 * group);
  }

  /** Adds up the sums of {@link readData} in the order of the groups. */
  summarise(): ImageSummary {
    let sum = 0;
    let peak = 0;
    let badVoxel = -1;
    for (let at = 0; at < this.#sums.length; at += 4) {
      sum += this.#sums[at];
      peak = Math.max(peak, this.#sums[at + 1]);
      if (badVoxel < 0) badVoxel = this.#sums[at + 2];
    }
    return { sum, peak, badVoxel };
  }

  /** Sets an image inside and outside of `observed`; a value v less a background b is `max(v - b, v / 10)`. */
  fill(group: number, name: ImageName, observed: Box, { inside, background = 0, outside }: Filling): void {
    const data = this.#groupFloats(group, "data");
    this.#forEachRow(group, name, (staged, voxels, rowIndex) => {
      const [start, end] = this.#observedSpan(rowIndex, observed);
      const row = data.subarray((rowIndex % this.#layout.box[1]) % GROUP_ROWS);
      if (end - start < staged.length || inside !== undefined) {
        const value = inside ?? outside;
        for (let x = 0; x < staged.length; x++) voxels[GROUP_ROWS * x] = x >= start && x < end ? value : outside;
      }
      if (inside !== undefined) return;
      for (let x = start; x < end; x++) {
        const value = row[GROUP_ROWS * x];
        voxels[GROUP_ROWS * x] = Math.max(value - background, value / 10);
      }
    });
  }

  /** The sums that the row kernels left for each group, added up in the order of the groups, which makes them reproducible. */
  totals(): readonly [number, number] {
    let first = 0;
    let second = 0;
    for (let at = 0; at < this.#sums.length; at += 4) {
      first += this.#sums[at] + this.#sums[at + 1];
      second += this.#sums[at + 2] + this.#sums[at + 3];
    }
    return [first, second];
  }

  /** Replaces `Ht1` by `1 / Ht1`, or by 0 where it is too small to divide by. */
  invertWeights(group: number): void {
    const weights = this.#groupFloats(group, "weights");
    for (let i = 0; i < weights.length; i++) weights[i] = weights[i] > 0.01 ? 1 / weights[i] : 0;
  }

  /** Stages an image in plain order. */
  write(group: number, name: ImageName): void {
    this.#forEachRow(group, name, (staged, voxels) => {
      for (let x = 0; x < staged.length; x++) staged[x] = voxels[GROUP_ROWS * x];
    });
  }

  #groupFloats(group: number, name: ImageName): Float32Array<ArrayBufferLike> {
    const start = (this.#layout.images[name]! + group * this.#layout.groupPitch) / 4;
    return this.#floats.subarray(start, start + this.#layout.groupPitch / 4);
  }

  /** `visit` gets the staged row, the image from the row's first voxel on (one in eight is the row's), and z * ny + y. */
  #forEachRow(
    group: number,
    name: ImageName,
    visit: (staged: Float32Array<ArrayBufferLike>, voxels: Float32Array<ArrayBufferLike>, rowIndex: number) => void,
  ): void {
    const { box: [, ny, nx], groups, spectrum } = this.#layout;
    const firstRow = (group % groups) * GROUP_ROWS;
    const voxels = this.#groupFloats(group, name);
    for (let row = 0; row < Math.min(GROUP_ROWS, ny - firstRow); row++) {
      const rowIndex = Math.floor(group / groups) * ny + firstRow + row;
      const start = spectrum / 4 + rowIndex * nx;
      visit(this.#floats.subarray(start, start + nx), voxels.subarray(row), rowIndex);
    }
  }

  /** The observed x of a row, as a half-open range. */
  #observedSpan(rowIndex: number, { start, shape }: Box): readonly [number, number] {
    const ny = this.#layout.box[1];
    const z = Math.floor(rowIndex / ny) - start[0];
    const y = rowIndex % ny - start[1];
    const seen = z >= 0 && z < shape[0] && y >= 0 && y < shape[1];
    return seen ? [Math.max(0, start[2]), Math.min(this.#layout.box[2], start[2] + shape[2])] : [0, 0];
  }
}
