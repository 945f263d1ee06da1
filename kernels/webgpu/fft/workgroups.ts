/**
 * The share of a box that one workgroup takes: bounded by its memory and its invocations, wide enough to fill memory transactions.
 */
import { sumMemory } from "../stages/partial_sums.ts";
import { bestPadding, paddedLength, type Padding } from "./padding.ts";
import { type RadixPlan, radixPlan } from "./radices.ts";
import type { GpuLimits } from "../device/limits.ts";

/** Adjacent columns that fill whole 128-byte memory transactions with complex numbers. */
export const FULL_WIDTH = 16;

/** Complex numbers of a sector, the least that memory hands over. */
const SECTOR = 4;

/** Fewest invocations worth a workgroup. */
const MIN_INVOCATIONS = 64;

/**
 * Most invocations of a workgroup where sectors allow: two of them then have 128 registers for each invocation of a multiprocessor,
 * more than any kernel takes, so that the loads of one overlap with the barriers of the other.
 */
const MAX_INVOCATIONS = 256;

/** Columns that long lines leave room for, half of {@link FULL_WIDTH}. */
const HALF_WIDTH = 8;

/** Complex registers of a lane in the longest lines: with more, two workgroups do not fit. */
const LONG_REGISTERS = 16;

/** Longest line of so few lanes that {@link HALF_WIDTH} columns fit: a lane has 24 complex registers in it. */
const LONGEST_OF_FEW = 768;

/** Gaps that are tried, and the share of turns that one must save: finding where elements lie between gaps takes time as well. */
const PADDINGS: readonly Padding[] = [undefined, 3, 4, 5];
const PADDING_GAIN = 0.2;

/** Invocations of a row kernel: several short rows or a single long one. */
const MAX_ROW_LANES = 128;

/** A workgroup that transforms `columns` adjacent columns. */
export interface ColumnShape {
  readonly plan: RadixPlan;
  readonly columns: number;
  /** True if real and imaginary parts go through workgroup memory one after the other, see exchange.ts. */
  readonly split: boolean;
  /** Gaps in the exchange memory of a line. */
  readonly padding: Padding;
}

/** A workgroup that transforms `pairs` pairs of real rows. */
export interface RowShape {
  readonly plan: RadixPlan;
  readonly pairs: number;
  /** Complex numbers between the exchange memory of one pair and that of the next. */
  readonly pitch: number;
  /** As in {@link ColumnShape}. */
  readonly split: boolean;
  readonly padding: Padding;
}

/**
 * The shape for columns of `length` numbers in rows of `width` complex numbers, the length cut into `parts` buffers.
 *
 * @param preferred columns to take where limits allow; the plan, and so every bit of the result, is the same for any
 */
export function columnShape(
  length: number,
  width: number,
  parts: number,
  limits: GpuLimits,
  preferred: number = FULL_WIDTH,
): ColumnShape {
  const { maxComputeInvocationsPerWorkgroup: invocations, maxComputeWorkgroupSizeY: maxSide } = limits;
  const isLong = length > LONGEST_OF_FEW;
  const lanes = isLong ? Math.ceil(length / LONG_REGISTERS) : MAX_INVOCATIONS / HALF_WIDTH;
  const maxLanes = Math.min(lanes, invocations, maxSide);
  // What takes the fewest registers around a multiplication, as infra/bench/gpu/occupancy says.
  const plan = radixPlan(length, { maxLanes, smallEnd: isLong ? "first" : "last", parts });
  const budget = Math.min(invocations, Math.max(MAX_INVOCATIONS, SECTOR * plan.lanes));
  const most = Math.max(1, Math.floor(budget / plan.lanes));
  const wanted = wholeSectors(Math.min(preferred, width, most));
  const { split, fitting } = columnMemory(length, wanted, limits);
  const max = Math.min(
    fitting,
    most,
    limits.maxComputeWorkgroupSizeX,
    Math.max(wanted, Math.ceil(MIN_INVOCATIONS / plan.lanes)),
    width,
  );
  const columns = wholeSectors(max);
  const words = split ? 1 : 2;
  const padding = bestPadding(
    { plan, words, columns },
    PADDINGS.filter((each) =>
      4 * words * columns * paddedLength(length, each) <= limits.maxComputeWorkgroupStorageSize
    ),
    PADDING_GAIN,
  );
  return { plan, columns, split, padding };
}

/** Tells whether so many columns are exchanged in two halves, and counts those that then fit the memory of a workgroup. */
function columnMemory(length: number, columns: number, { maxComputeWorkgroupStorageSize: memory }: GpuLimits) {
  const split = length * 8 * columns > memory;
  return { split, fitting: Math.floor(memory / (length * (split ? 4 : 8))) };
}

/** The shape for `pairCount` pairs of rows of `length` voxels. */
export function rowShape(length: number, pairCount: number, limits: GpuLimits): RowShape {
  const invocations = Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX);
  const plan = radixPlan(length, { maxLanes: Math.min(MAX_ROW_LANES, invocations), lastEven: true });
  const padding = bestPadding({ plan, words: 2, columns: 1 }, PADDINGS, PADDING_GAIN);
  const pitch = paddedLength(length, padding);
  const memory = limits.maxComputeWorkgroupStorageSize - sumMemory(MAX_ROW_LANES).bytes;
  const split = 8 * pitch > memory;
  const max = Math.min(
    Math.floor(memory / (pitch * (split ? 4 : 8))),
    Math.max(1, Math.floor(MAX_ROW_LANES / plan.lanes)),
    limits.maxComputeWorkgroupSizeY,
    pairCount,
  );
  return { plan, pairs: max, pitch, split, padding };
}

/**
 * As many columns as fill whole 32-byte sectors of memory, or few where there are few. That no group is ragged is not asked for:
 * boxes of other widths would have other kernels, each of which takes a driver longer to compile than the ragged groups take.
 */
function wholeSectors(max: number): number {
  return max > SECTOR ? max - max % SECTOR : max;
}
