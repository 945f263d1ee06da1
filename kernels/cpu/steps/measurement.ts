/**
 * Selection of the voxels that count when the I-divergence is summed.
 */
import type { Box } from "shared/volume/geometry.ts";
import { ROW_BYTES } from "../fft/fft_passes.ts";
import { type MemoryLayout, SUMS_BYTES } from "../memory_layout.ts";
import { GROUP_ROWS, rowMaskOffset } from "./row_exchange.ts";

/** The measured part of the box, as one thread's kernels want to be told. */
export class Measurement {
  readonly #layout: MemoryLayout;
  readonly #part: Box;
  readonly #rowMask: Int32Array<ArrayBufferLike>;
  readonly #sums: Float64Array<ArrayBufferLike>;

  constructor(layout: MemoryLayout, memory: WebAssembly.Memory, { scratch, part }: { scratch: number; part: Box }) {
    this.#layout = layout;
    this.#part = part;
    this.#rowMask = new Int32Array(memory.buffer, scratch + rowMaskOffset(layout.box[2]), GROUP_ROWS);
    this.#sums = new Float64Array(memory.buffer, layout.sums, (layout.box[0] * layout.groups * SUMS_BYTES) / 8);
  }

  /**
   * Sets the row masks for a group (counted over all planes) and returns its measured x as byte offsets; where nothing is
   * measured, clears its sums and returns undefined.
   */
  begin(group: number): readonly [number, number] | undefined {
    const { start, shape } = this.#part;
    const z = Math.floor(group / this.#layout.groups);
    const firstRow = (group % this.#layout.groups) * GROUP_ROWS;
    const inPlane = z >= start[0] && z < start[0] + shape[0] && shape[2] > 0;
    const counts = (y: number) => inPlane && y >= start[1] && y < start[1] + shape[1];
    for (let row = 0; row < GROUP_ROWS; row++) this.#rowMask[row] = counts(firstRow + row) ? -1 : 0;
    if (this.#rowMask.some((mask) => mask !== 0)) {
      return [start[2] * ROW_BYTES, (start[2] + shape[2]) * ROW_BYTES];
    }
    this.#sums.fill(0, (group * SUMS_BYTES) / 8, ((group + 1) * SUMS_BYTES) / 8);
    return undefined;
  }
}
