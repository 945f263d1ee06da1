/** The inner loop of reading: copies the voxels of one chunk to all places of a box where they stand. */
import type { Vec3 } from "shared/volume/geometry.ts";
import type { AxisPiece } from "./axis_map.ts";
import type { ChunkValues, Placing } from "../image.ts";

type BoxVoxels = Placing["target"]["values"];

interface ScatterSource {
  readonly values: ChunkValues;
  /** Element of the chunk at z = y = x = 0. */
  readonly offset: number;
  /** Elements between neighbours in z, y, x. */
  readonly strides: Vec3;
}

/** Consecutive positions whose voxels are consecutive too. */
interface Run {
  readonly to: number;
  readonly from: number;
  readonly length: number;
}

/** Values with an offset, which takes large integers to where float32 tells them apart. */
export function raised(values: ChunkValues, offset: number): Float32Array {
  const sums = new Float32Array(values.length);
  for (let index = 0; index < sums.length; index++) sums[index] = Number(values[index]) + offset;
  return sums;
}

/** Copies `pieces` (z, y, x) of a chunk into a box. */
export function scatter(
  target: Placing["target"],
  source: ScatterSource,
  pieces: Placing["pieces"],
) {
  const [pieceZ, pieceY, pieceX] = pieces;
  const [strideZ, strideY, strideX] = source.strides;
  const values = numbersOf(source.values);
  const runs = strideX === 1 ? runsOf(pieceX) : undefined;
  for (let z = 0; z < pieceZ.to.length; z++) {
    for (let y = 0; y < pieceY.to.length; y++) {
      const to = (pieceZ.to[z]! * target.shape[1] + pieceY.to[y]!) * target.shape[2];
      const from = source.offset + pieceZ.from[z]! * strideZ + pieceY.from[y]! * strideY;
      if (runs === undefined) copyElements(target.values, to, values, from, { piece: pieceX, stride: strideX });
      else for (const run of runs) copyRun(target.values, to + run.to, values, from + run.from, run.length);
    }
  }
}

/** Puts one value wherever voxels of a chunk stand in a box. */
export function fillPieces(target: Placing["target"], [pieceZ, pieceY, pieceX]: Placing["pieces"], value: number) {
  const runs = runsOf(pieceX);
  for (const z of pieceZ.to) {
    for (const y of pieceY.to) {
      const row = (z * target.shape[1] + y) * target.shape[2];
      for (const { to, length } of runs) target.values.fill(value, row + to, row + to + length);
    }
  }
}

/** Rows shorter than this are copied by a loop: making a view costs more. */
const SHORT_RUN = 24;

function copyRun(target: BoxVoxels, to: number, values: Numbers, from: number, length: number): void {
  if (length >= SHORT_RUN) target.set(values.subarray(from, from + length), to);
  else for (let index = 0; index < length; index++) target[to + index] = values[from + index]!;
}

function copyElements(
  target: BoxVoxels,
  to: number,
  values: Numbers,
  from: number,
  { piece, stride }: { piece: AxisPiece; stride: number },
): void {
  for (let x = 0; x < piece.to.length; x++) target[to + piece.to[x]!] = values[from + piece.from[x]! * stride]!;
}

function runsOf(piece: AxisPiece): Run[] {
  const runs: Run[] = [];
  for (let first = 0, end = 1; end <= piece.to.length; end++) {
    const goesOn = end < piece.to.length && piece.to[end]! - piece.to[first]! === end - first &&
      piece.from[end]! - piece.from[first]! === end - first;
    if (goesOn) continue;
    runs.push({ to: piece.to[first]!, from: piece.from[first]!, length: end - first });
    first = end;
  }
  return runs;
}

type Numbers = Exclude<ChunkValues, BigInt64Array | BigUint64Array>;

/** 64-bit integers as float64, rounded to nearest: halves joined in one rounding, without a bigint per voxel. */
function numbersOf(values: ChunkValues): Numbers {
  if (!(values instanceof BigInt64Array || values instanceof BigUint64Array)) return values;
  const low = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
  const high = values instanceof BigInt64Array ? new Int32Array(low.buffer, low.byteOffset, low.length) : low;
  const numbers = new Float64Array(values.length);
  for (let index = 0; index < numbers.length; index++) {
    numbers[index] = high[2 * index + 1]! * 2 ** 32 + low[2 * index]!;
  }
  return numbers;
}
