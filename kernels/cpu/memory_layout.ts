/**
 * Addresses in the WebAssembly memory that all threads share, declared before anything is allocated.
 *
 * Images (estimate, data, ...) are kept as the row transforms want them: for each plane z, each group of eight rows, each x,
 * the eight voxels of the rows side by side. Spectra: for each plane, each row ky, blocks of four kx, each with four real
 * and then four imaginary parts; ky and kz in the order that the transforms leave them in. The optical transfer function
 * (OTF) is only ever read along z, so there the planes of one block lie side by side.
 */
import { ClearstackError } from "shared/errors.ts";
import { formatVec3, type Vec3 } from "shared/volume/geometry.ts";
import type { StepOptions } from "kernels/deconvolver.ts";
import { ROW_BYTES } from "./fft/fft_passes.ts";
import { type FftPlan, planFft, twiddleTable } from "./fft/fft_plan.ts";
import { blocksPerRow, GROUP_ROWS, SPARE_ROWS } from "./steps/row_exchange.ts";

/** Options that decide how much memory a deconvolver needs. */
interface CpuMemoryOptions
  extends Pick<StepOptions, "acceleration" | "nonCirculant" | "totalVariation" | "backProjector"> {
  /** Whole number >= 1. */
  readonly threads: number;
}

/** Bytes by purpose, and their sum. */
interface CpuComputeBytes {
  readonly terms: Readonly<Record<string, number>>;
  readonly total: number;
}

/** Images that a deconvolver may keep besides the data. */
export type ImageName =
  | "estimate"
  | "data"
  | "weights"
  | "variation"
  | "previous"
  | "predicted"
  | "change"
  | "heldOut";

/** Strides and addresses, in bytes. Plain data, so that it can be sent to Workers. */
export interface MemoryLayout {
  readonly box: Vec3;
  readonly plans: readonly [z: FftPlan, y: FftPlan, x: FftPlan];
  /** Groups of eight rows per plane. */
  readonly groups: number;
  /** Bytes of eight rows of an image. */
  readonly groupPitch: number;
  readonly imagePlanePitch: number;
  readonly rowPitch: number;
  readonly planePitch: number;
  /** Spectrum, and in between the voxels of the box in plain order on their way in and out. */
  readonly spectrum: number;
  readonly transfer: number;
  /** The OTF whose conjugate carries the ratio back; {@link transfer} itself for the matched projector. */
  readonly backTransfer: number;
  readonly images: Readonly<Partial<Record<ImageName, number>>>;
  /** Twiddle tables of z, y, x. */
  readonly twiddles: readonly [number, number, number];
  readonly writeTable: number;
  readonly readTable: number;
  /** Rows for one transform for each thread. */
  readonly scratch: readonly number[];
  /** {@link SUMS_BYTES} for each group of rows. */
  readonly sums: number;
  readonly pages: number;
  /** With the image of held-out photons, for which memory grows when it is first needed. */
  readonly pagesWithHeldOut: number;
  readonly bytes: CpuComputeBytes;
}

/** Four float64 values. */
export const SUMS_BYTES = 32;

/** Bytes of a page of WebAssembly memory. */
export const PAGE_BYTES = 65536;
/** The address space of 32-bit WebAssembly. */
const MAX_BYTES = 2 ** 32;
/** Pages that any memory may grow to, or it could not serve a larger box. */
export const MAX_PAGES = MAX_BYTES / PAGE_BYTES;
/** Start of memory: barrier, tickets and run parameters (shared_control.ts). */
const CONTROL_BYTES = 4096;

/**
 * Lays out the memory for a box of fast sides.
 *
 * @throws {ClearstackError} `over-budget` if it exceeds the 4 GiB that 32-bit WebAssembly can address
 */
export function memoryLayout(box: Vec3, options: CpuMemoryOptions): MemoryLayout {
  const plans = [planFft(box[0]), planFft(box[1]), planFft(box[2])] as const;
  const strides = spectrumStrides(box);
  const groups = Math.ceil(box[1] / GROUP_ROWS);
  const groupPitch = GROUP_ROWS * 4 * box[2];
  const space = new AddressSpace();

  space.take("control", CONTROL_BYTES);
  const tables = plans.map((plan) => space.take("tables", 4 * twiddleTable(plan).length));
  const exchangeBytes = blocksPerRow(box[2]) * 32;
  const [writeTable, readTable] = [space.take("tables", exchangeBytes), space.take("tables", exchangeBytes)];
  const scratchBytes = (Math.max(...box) + SPARE_ROWS) * ROW_BYTES;
  const scratch = Array.from({ length: options.threads }, () => space.take("scratch", scratchBytes));
  const sums = space.take("sums", box[0] * groups * SUMS_BYTES);
  const images: Partial<Record<ImageName, number>> = {};
  for (const name of imageNames(options)) images[name] = space.take(name, box[0] * groups * groupPitch);
  const spectrum = space.take("spectrum", box[0] * strides.planePitch);
  const transferBytes = box[0] * box[1] * blocksPerRow(box[2]) * ROW_BYTES;
  const transfer = space.take("transfer", transferBytes);
  const matched = options.backProjector !== "wiener-butterworth";
  const backTransfer = matched ? transfer : space.take("backTransfer", transferBytes);
  const { pages, bytes } = space.close(box);
  images.heldOut = pages * PAGE_BYTES;

  return {
    box,
    plans,
    groups,
    groupPitch,
    imagePlanePitch: groups * groupPitch,
    ...strides,
    spectrum,
    transfer,
    backTransfer,
    images,
    twiddles: [tables[0], tables[1], tables[2]],
    writeTable,
    readTable,
    scratch,
    sums,
    pages,
    pagesWithHeldOut: pages + Math.ceil((box[0] * groups * groupPitch) / PAGE_BYTES),
    bytes,
  };
}

/** Estimate first: the others are addressed relative to it. */
function imageNames({ acceleration, nonCirculant, totalVariation }: CpuMemoryOptions): ImageName[] {
  const names: ImageName[] = ["estimate", "data"];
  if (nonCirculant) names.push("weights");
  if (totalVariation) names.push("variation");
  if (acceleration === "shb") names.push("previous");
  if (acceleration === "biggs") names.push("previous", "predicted", "change");
  return names;
}

/** Rows and planes far from powers of two apart, which would all compete for the same few lines of the caches. */
function spectrumStrides([, ny, nx]: Vec3): { rowPitch: number; planePitch: number } {
  const rowBytes = blocksPerRow(nx) * ROW_BYTES;
  const rowPitch = rowBytes % 256 === 0 ? rowBytes + ROW_BYTES : rowBytes;
  const planeLines = Math.ceil((Math.ceil(ny / GROUP_ROWS) * GROUP_ROWS * rowPitch) / 64);
  return { rowPitch, planePitch: 64 * (planeLines | 1) };
}

/** Hands out addresses, 64-byte aligned, and counts them by purpose. */
class AddressSpace {
  #next = 0;
  readonly #terms: Record<string, number> = {};

  take(term: string, bytes: number): number {
    const address = this.#next;
    const size = 64 * Math.ceil(bytes / 64);
    this.#next += size;
    this.#terms[term] = (this.#terms[term] ?? 0) + size;
    return address;
  }

  close(box: Vec3): { pages: number; bytes: CpuComputeBytes } {
    const pages = Math.ceil(this.#next / PAGE_BYTES);
    const total = pages * PAGE_BYTES;
    if (total > MAX_BYTES) {
      throw new ClearstackError(
        "over-budget",
        `a box of ${formatVec3(box)} voxels needs ${
          (total / 2 ** 30).toFixed(1)
        } GiB on the CPU, but one WebAssembly ` +
          "memory holds at most 4 GiB; use a smaller tile",
        { need: total, limit: MAX_BYTES },
      );
    }
    const terms = { ...this.#terms, pageRounding: total - this.#next };
    return { pages, bytes: { terms, total } };
  }
}
