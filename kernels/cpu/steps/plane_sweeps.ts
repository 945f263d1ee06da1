/**
 * Walks over the whole box, shared out among the threads. Along y and x each plane is taken through all of its transforms
 * while it lies in the cache; only the transforms along z need a walk of their own.
 */
import type { Kernels } from "./kernel_module.ts";
import { type ImageName, type MemoryLayout, SUMS_BYTES } from "../memory_layout.ts";
import type { Measurement } from "./measurement.ts";
import { ROW_BYTES } from "../fft/fft_passes.ts";
import { blocksPerRow, GROUP_ROWS } from "./row_exchange.ts";
import { LAST_MIN_POINTS_ADDRESS, MIN_POINTS_ADDRESS, type SharedControl } from "../threads/shared_control.ts";

type ColumnKernel = "column_forward" | "column_inverse";
type DepthKernel = "depth_convolve" | "depth_correlate" | "depth_transfer";
type ForwardKernel = "row_forward" | "row_predict";
type BackwardKernel = "row_inverse" | "row_finish" | "row_advance";
type MeasureKernel = "row_measure" | "row_measure_held_out";
type BetweenKernel = "row_ratio" | "row_update";

/** Blocks of columns that one thread takes at a time: neighbours share cache lines. */
const BLOCKS_PER_ITEM = 64;

export class PlaneSweeps {
  readonly #layout: MemoryLayout;
  readonly #kernels: Kernels;
  readonly #control: SharedControl;
  readonly #scratch: number;
  /** True if there are enough planes to keep all threads busy with whole ones. */
  readonly #wholePlanes: boolean;
  readonly #blocks: number;

  constructor(
    layout: MemoryLayout,
    kernels: Kernels,
    control: SharedControl,
    { scratch, threads }: { scratch: number; threads: number },
  ) {
    this.#layout = layout;
    this.#kernels = kernels;
    this.#control = control;
    this.#scratch = scratch;
    this.#wholePlanes = threads === 1 || layout.box[0] >= 4 * threads;
    this.#blocks = blocksPerRow(layout.box[2]);
  }

  /** An image to its spectrum, transformed along x and y. */
  forward(kernel: ForwardKernel, image: ImageName): void {
    this.#planes([this.#rows(kernel, image), this.#columns("column_forward")]);
  }

  /** A spectrum to voxels; `kernel` says what becomes of them. */
  backward(kernel: BackwardKernel, image: ImageName, last?: () => void): void {
    this.#planes([this.#columns("column_inverse"), this.#rows(kernel, image)], last);
  }

  /** A spectrum to voxels and back. */
  between(kernel: BetweenKernel, image: ImageName, last?: () => void): void {
    const steps = [this.#columns("column_inverse"), this.#rows(kernel, image), this.#columns("column_forward")];
    this.#planes(steps, last);
  }

  /** As `between` with the ratio; the sums of what `measurement` selects are left for each group of rows. */
  measure(kernel: MeasureKernel, measurement: Measurement): void {
    const rows = this.#rows(kernel, "data", (group) => measurement.begin(group));
    this.#planes([this.#columns("column_inverse"), rows, this.#columns("column_forward")]);
  }

  /** Along z. */
  depth(name: DepthKernel): void {
    const { box: [nz, ny], spectrum, rowPitch } = this.#layout;
    const transfer = name === "depth_correlate" ? this.#layout.backTransfer : this.#layout.transfer;
    const kernel = this.#kernels[name];
    const rowsPerItem = Math.max(1, Math.floor(BLOCKS_PER_ITEM / this.#blocks));
    this.#control.sweep(Math.ceil(ny / rowsPerItem), (item) => {
      for (let y = item * rowsPerItem; y < Math.min(ny, (item + 1) * rowsPerItem); y++) {
        for (let block = 0; block < this.#blocks; block++) {
          const otf = transfer + (y * this.#blocks + block) * nz * ROW_BYTES;
          kernel(this.#scratch, spectrum + y * rowPitch + block * ROW_BYTES, otf);
        }
      }
    });
  }

  /** Takes every plane through all steps; with few planes, all planes through one step after the other. */
  #planes(steps: readonly PlaneStep[], last?: () => void): void {
    const nz = this.#layout.box[0];
    if (this.#wholePlanes) {
      this.#control.sweep(nz, (z) => steps.forEach((step) => step.work(z, 0, step.parts)), last);
      return;
    }
    steps.forEach(({ parts, partsPerItem, work }, index) => {
      const items = Math.ceil(parts / partsPerItem);
      this.#control.sweep(nz * items, (item) => {
        const first = (item % items) * partsPerItem;
        work(Math.floor(item / items), first, Math.min(parts, first + partsPerItem));
      }, index === steps.length - 1 ? last : undefined);
    });
  }

  #columns(name: ColumnKernel): PlaneStep {
    const { spectrum, planePitch } = this.#layout;
    const kernel = this.#kernels[name];
    return {
      parts: this.#blocks,
      partsPerItem: Math.min(BLOCKS_PER_ITEM, 2 * Math.ceil(this.#blocks / 16)),
      work: (z, first, end) => {
        const plane = spectrum + z * planePitch;
        for (let block = first; block < end; block++) kernel(this.#scratch, plane + block * ROW_BYTES);
      },
    };
  }

  /** With `select`, a kernel that is given what it returns for each group; groups without take the plain ratio. */
  #rows(
    name: ForwardKernel | BackwardKernel | BetweenKernel | MeasureKernel,
    image: ImageName,
    select?: (group: number) => readonly [number, number] | undefined,
  ): PlaneStep {
    const { images, groupPitch, spectrum, planePitch, rowPitch, groups, sums } = this.#layout;
    const kernel = this.#kernels[name];
    const imageStart = images[image]!;
    return {
      parts: groups,
      partsPerItem: 1,
      work: (z, first, end) => {
        for (let group = z * groups + first; group < z * groups + end; group++) {
          const rows = spectrum + z * planePitch + (group - z * groups) * GROUP_ROWS * rowPitch;
          const voxels = imageStart + group * groupPitch;
          const minPoints = group % groups === groups - 1 ? LAST_MIN_POINTS_ADDRESS : MIN_POINTS_ADDRESS;
          const selected = select?.(group);
          const chosen = select && !selected ? this.#kernels.row_ratio : kernel;
          chosen(this.#scratch, rows, voxels, sums + group * SUMS_BYTES, minPoints, ...(selected ?? []));
        }
      },
    };
  }
}

/** One step of a plane, in parts that different threads may take. */
interface PlaneStep {
  readonly parts: number;
  readonly partsPerItem: number;
  work(z: number, first: number, end: number): void;
}
