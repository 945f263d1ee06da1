/**
 * Hands data over between the two directions of a plane. Column transforms want four neighbouring frequencies kx in the
 * lanes, row transforms want four rows. A group of eight real rows makes four complex signals, row j + i row (j + 4): `pack`
 * builds their spectra from the half spectra of the rows, `unpack` splits them again.
 */
import type { FftPlan } from "../fft/fft_plan.ts";
import { frequencyRow } from "../fft/fft_plan.ts";
import { ROW_BYTES, type Rows } from "../fft/fft_passes.ts";
import {
  type Code,
  f32x4Add,
  f32x4Sub,
  i32Add,
  i32Const,
  i32Load,
  shuffle32,
  v128Load,
  v128Store,
} from "shared/wasm/wasm_code.ts";
import type { WasmFunction } from "shared/wasm/wasm_module.ts";

/** Real rows that are transformed together. */
export const GROUP_ROWS = 8;

/**
 * Rows that follow the transform's in its scratch: one of zeros, which is never written, one to write to in vain, and one for
 * the masks of the rows that are measured.
 */
export const SPARE_ROWS = 3;

/** Offset of the masks in the scratch of rows of `nx` voxels: 32 bits for each of the eight rows, all or none of them set. */
export function rowMaskOffset(nx: number): number {
  return (nx + 2) * ROW_BYTES;
}

/** Four frequencies kx share a block of the spectrum; the last block of a row is filled up with zeros. */
export function blocksPerRow(nx: number): number {
  return Math.ceil((nx / 2 + 1) / 4);
}

/**
 * Places of the frequencies of each block in the scratch, as byte offsets: for each block four of kx, then four of -kx.
 * Frequencies that only fill up the last block are written to the last spare row, and read (second table) from the zeros.
 */
export function exchangeTables(plan: FftPlan): { write: Int32Array<ArrayBuffer>; read: Int32Array<ArrayBuffer> } {
  const n = plan.length;
  const write: number[] = [];
  const read: number[] = [];
  for (let block = 0; block < blocksPerRow(n); block++) {
    for (const sign of [1, -1]) {
      for (let k = 4 * block; k < 4 * block + 4; k++) {
        const row = k <= n / 2 ? frequencyRow(plan, (n + sign * k) % n) : undefined;
        write.push(ROW_BYTES * (row ?? n + 1));
        read.push(ROW_BYTES * (row ?? n));
      }
    }
  }
  return { write: Int32Array.from(write), read: Int32Array.from(read) };
}

/** Operands of an exchange. */
export interface Exchange {
  readonly into: WasmFunction;
  readonly nx: number;
  /** The eight rows of half spectra, in blocks. */
  readonly spectrum: Rows;
  /** The complex row transforms' data, digit-reversed. */
  readonly scratch: Code;
  /** Address of the table of {@link exchangeTables} that this direction uses. */
  readonly tableAddress: number;
}

/** Spectra of row pairs from half spectra: `Z[k] = A[k] + i B[k]` and `Z[-k] = conj(A[k]) + i conj(B[k])`. */
export function emitPack(exchange: Exchange): void {
  const { into } = exchange;
  forEachBlock(exchange, (rowOf, slot) => {
    const pairs = [0, 1, 2, 3].map((j) => {
      const [a, b] = [rowOf(j), rowOf(j + 4)];
      const [aRe, aIm, bRe, bIm] = [a(0), a(16), b(0), b(16)].map(([base, at]) => into.vector(v128Load(base, at)));
      return [f32x4Sub(aRe, bIm), f32x4Add(aIm, bRe), f32x4Add(aRe, bIm), f32x4Sub(bRe, aIm)].map((sum) =>
        into.vector(sum)
      );
    });
    const [re, im, mirrorRe, mirrorIm] = [0, 1, 2, 3].map((part) => transpose(into, pairs.map((pair) => pair[part])));
    // The mirror goes first: where k = -k the two differ by the imaginary parts that the half spectra of real rows lack.
    for (const [first, parts] of [[4, [mirrorRe, mirrorIm]], [0, [re, im]]] as const) {
      for (let lane = 0; lane < 4; lane++) {
        const address = slot(first + lane);
        into.emit(v128Store(address, parts[0][lane], 0));
        into.emit(v128Store(address, parts[1][lane], 16));
      }
    }
  });
}

/** Twice the half spectra of the rows: `2 A[k] = Z[k] + conj(Z[-k])`, `2 B[k] = -i (Z[k] - conj(Z[-k]))`. */
export function emitUnpack(exchange: Exchange): void {
  const { into } = exchange;
  forEachBlock(exchange, (rowOf, slot) => {
    const lanes = [0, 1, 2, 3].map((lane) => {
      const [at, mirror] = [slot(lane), slot(lane + 4)];
      const [re, im] = [into.vector(v128Load(at, 0)), into.vector(v128Load(at, 16))];
      const [mirrorRe, mirrorIm] = [into.vector(v128Load(mirror, 0)), into.vector(v128Load(mirror, 16))];
      return [f32x4Add(re, mirrorRe), f32x4Sub(im, mirrorIm), f32x4Add(im, mirrorIm), f32x4Sub(mirrorRe, re)].map((
        sum,
      ) => into.vector(sum));
    });
    const [aRe, aIm, bRe, bIm] = [0, 1, 2, 3].map((part) => transpose(into, lanes.map((lane) => lane[part])));
    for (let j = 0; j < 4; j++) {
      for (const [row, re, im] of [[rowOf(j), aRe[j], aIm[j]], [rowOf(j + 4), bRe[j], bIm[j]]] as const) {
        into.emit(v128Store(row(0)[0], re, row(0)[1]));
        into.emit(v128Store(row(16)[0], im, row(16)[1]));
      }
    }
  });
}

type RowOf = (row: number) => (offset: number) => readonly [base: Code, offset: number];

function forEachBlock(exchange: Exchange, emitBlock: (rowOf: RowOf, slot: (index: number) => Code) => void): void {
  const { into, nx, spectrum, scratch, tableAddress } = exchange;
  const block = into.integer(spectrum.base);
  const table = into.integer(i32Const(tableAddress));
  into.repeat(blocksPerRow(nx), () => {
    const rowOf: RowOf = (row) => (offset) => [block.get, row * spectrum.pitch + offset];
    emitBlock(rowOf, (index) => into.integer(i32Add(scratch, i32Load(table.get, 4 * index))).get);
    block.advance(ROW_BYTES);
    table.advance(32);
  });
}

/** Columns of a 4 x 4 matrix from its rows. */
function transpose(into: WasmFunction, rows: readonly Code[]): Code[] {
  const [a, b, c, d] = rows;
  const low = [a, c].map((even, i) => into.vector(shuffle32(even, [b, d][i], [0, 4, 1, 5])));
  const high = [a, c].map((even, i) => into.vector(shuffle32(even, [b, d][i], [2, 6, 3, 7])));
  return [low, high].flatMap(([ab, cd]) => [
    into.vector(shuffle32(ab, cd, [0, 1, 4, 5])),
    into.vector(shuffle32(ab, cd, [2, 3, 6, 7])),
  ]);
}
