/**
 * Emits the passes of a transform: four columns at a time, one per SIMD lane, rows of 32 bytes (four real parts, then four
 * imaginary parts) at any pitch.
 */
import { Arithmetic, type Complex, type Direction, type Rounding } from "./arithmetic.ts";
import { butterfly, completionOrder, type LazyPoint, once } from "./butterfly.ts";
import type { FftPass, FftPlan } from "./fft_plan.ts";
import { type Code, i32Const, v128Load, v128LoadSplat, v128Store } from "shared/wasm/wasm_code.ts";
import type { WasmFunction } from "shared/wasm/wasm_module.ts";

/** Bytes of four complex numbers. */
export const ROW_BYTES = 32;

/** Rows in memory: row i at `base + i * pitch`. */
export interface Rows {
  readonly base: Code;
  /** Bytes, below 2^32 over the whole transform. */
  readonly pitch: number;
}

/** Parts that the emitted functions of one axis share. */
export interface Transform {
  readonly into: WasmFunction;
  readonly rounding: Rounding;
  readonly plan: FftPlan;
  /** Address of the plan's twiddle table. */
  readonly twiddleAddress: number;
  /** `plan.length` rows that this call may overwrite. */
  readonly scratch: Rows;
}

/** `base + offset`, the offset known when code is emitted. */
export interface Address {
  readonly base: Code;
  readonly offset: number;
}

/** Changes one point of each of four columns; `operand` is where the operand's row lies. */
type Pointwise = (point: Complex, operand: Address, math: Arithmetic) => Complex;

/** Forward transform of `source` into `target` (which may be the same rows). */
export function emitForward(transform: Transform, source: Rows, target: Rows): void {
  const { passes } = transform.plan;
  passes.forEach((_, index) => emitPass(transform, index, -1, source, target));
}

/** Inverse transform, not scaled, of `source` into `target` (which may be the same rows). */
export function emitInverse(transform: Transform, source: Rows, target: Rows): void {
  for (let index = transform.plan.passes.length - 1; index >= 0; index--) {
    emitPass(transform, index, 1, source, target);
  }
}

/**
 * Forward transform of `rows`, `change` at every frequency, inverse transform, in place. The last forward butterfly, the
 * change and the first inverse butterfly meet in registers; `operand` has its rows in the transform's frequency order.
 */
export function emitForwardInverse(transform: Transform, rows: Rows, operand: Rows, change: Pointwise): void {
  const last = transform.plan.passes.length - 1;
  for (let index = 0; index < last; index++) emitPass(transform, index, -1, rows, transform.scratch);
  const middle = last === 0 ? rows : transform.scratch;
  emitTurn(transform, last, -1, { source: middle, target: middle, operand }, change);
  for (let index = last - 1; index >= 0; index--) emitPass(transform, index, 1, transform.scratch, rows);
}

/** Inverse transform of the scratch rows, `change` at every sample, forward transform, in place. */
export function emitInverseForward(transform: Transform, operand: Rows, change: Pointwise): void {
  const { plan, scratch } = transform;
  for (let index = plan.passes.length - 1; index > 0; index--) emitPass(transform, index, 1, scratch, scratch);
  emitTurn(transform, 0, 1, { source: scratch, target: scratch, operand }, change);
  for (let index = 1; index < plan.passes.length; index++) emitPass(transform, index, -1, scratch, scratch);
}

/** One pass; the first one reads from `source`, the last one writes to `target`, between them data stay in scratch. */
function emitPass(transform: Transform, index: number, direction: Direction, source: Rows, target: Rows): void {
  const last = transform.plan.passes.length - 1;
  const [first, final] = direction === -1 ? [0, last] : [last, 0];
  const from = index === first ? source : transform.scratch;
  const to = index === final ? target : transform.scratch;
  emitButterflies(transform, index, { source: from, target: to }, (io, math) => {
    const turned = direction === -1
      ? butterfly(math, io.points, -1).map((point, k) => io.twiddled(point, k, false))
      : butterfly(math, io.points.map((point, k) => io.twiddled(point, k, true)), 1);
    io.store(turned, completionOrder(turned.length, direction));
  });
}

/** Pass `index` in one direction, `change`, and the same pass in the other direction, in registers. */
function emitTurn(
  transform: Transform,
  index: number,
  direction: Direction,
  rows: PassRows,
  change: Pointwise,
): void {
  emitButterflies(transform, index, rows, (io, math) => {
    const back = direction === 1 ? -1 : 1;
    const inputs = direction === 1 ? io.points.map((point, k) => io.twiddled(point, k, true)) : io.points;
    const changed = butterfly(math, inputs, direction).map((point, k) =>
      once(() => change(point(), io.operand(k), math))
    );
    const outputs = butterfly(math, changed, back);
    const stored = direction === 1 ? outputs.map((point, k) => io.twiddled(point, k, false)) : outputs;
    io.store(stored, completionOrder(stored.length, back));
  });
}

interface PassRows {
  readonly source: Rows;
  readonly target: Rows;
  readonly operand?: Rows | undefined;
}

/** Operands of one butterfly. */
interface ButterflyAccess {
  readonly points: readonly LazyPoint[];
  /** Point k times its twiddle factor, or the conjugate of it. */
  twiddled(point: LazyPoint, k: number, conjugate: boolean): LazyPoint;
  operand(k: number): Address;
  store(points: readonly LazyPoint[], order: readonly number[]): void;
}

/** Loops over the butterflies of a pass: segments outside, rows of a segment inside, so that twiddles are read in order. */
function emitButterflies(
  { into, rounding, plan, twiddleAddress }: Transform,
  index: number,
  rows: PassRows,
  emitOne: (access: ButterflyAccess, math: Arithmetic) => void,
): void {
  const pass = plan.passes[index];
  const math = new Arithmetic(into, rounding);
  const streams = [rows.source, rows.target, ...(rows.operand ? [rows.operand] : [])];
  const pointers = streams.map(({ base }) => into.integer(base));
  const twiddles = into.integer(i32Const(0));
  into.repeat(plan.length / (pass.radix * pass.span), () => {
    twiddles.set(i32Const(twiddleAddress + 4 * pass.twiddleStart));
    into.repeat(pass.span, () => {
      const [source, target, operand] = pointers.map((pointer, i) => ({ base: pointer.get, pitch: streams[i].pitch }));
      emitOne(butterflyAccess(into, math, pass, { source, target, operand }, twiddles.get), math);
      pointers.forEach((pointer, i) => pointer.advance(streams[i].pitch));
      twiddles.advance(8 * (pass.radix - 1));
    });
    pointers.forEach((pointer, i) => pointer.advance((pass.radix - 1) * pass.span * streams[i].pitch));
  });
}

/** Access to the butterfly whose first point is row 0 of `rows`. */
function butterflyAccess(
  into: WasmFunction,
  math: Arithmetic,
  { radix, span }: FftPass,
  { source, target, operand }: PassRows,
  twiddles: Code,
): ButterflyAccess {
  const offset = ({ pitch }: Rows, k: number) => k * span * pitch;
  return {
    points: Array.from({ length: radix }, (_, k) =>
      once(() => ({
        re: into.vector(v128Load(source.base, offset(source, k))),
        im: into.vector(v128Load(source.base, offset(source, k) + 16)),
      }))),
    twiddled: (point, k, conjugate) => {
      if (k === 0 || span === 1) return point;
      return () => {
        const re = into.vector(v128LoadSplat(twiddles, 8 * (k - 1)));
        const im = into.vector(v128LoadSplat(twiddles, 8 * (k - 1) + 4));
        return math.multiply(point(), { re, im }, conjugate);
      };
    },
    operand: (k) => ({ base: operand!.base, offset: offset(operand!, k) }),
    store: (points, order) => {
      for (const k of order) {
        const { re, im } = points[k]();
        into.emit(v128Store(target.base, re, offset(target, k)));
        into.emit(v128Store(target.base, im, offset(target, k) + 16));
      }
    },
  };
}
