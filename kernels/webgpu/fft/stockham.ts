/**
 * A whole transform of one line by the lanes of a workgroup: Stockham's self-sorting passes in registers, with an exchange
 * between passes. Input and output are in natural order, and the last pass of a forward transform leaves its values where
 * the first pass of the inverse wants them, so that a multiplication in between needs no exchange.
 */
import { dft, product, type Sign } from "./codelets.ts";
import type { Exchange, WriteGroup } from "./exchange.ts";
import type { RadixPlan } from "./radices.ts";
import { plus, type Wgsl } from "../wgsl/wgsl.ts";

/** Elements of the line that the registers of a lane hold around a pass: round q, register r is `first[q] + r * step`. */
export interface Placement {
  readonly radix: number;
  readonly step: number;
  /** One per round: the element in register 0, and the condition under which the lane has work in this round. */
  readonly rounds: readonly { readonly first: string; readonly active: string | undefined }[];
}

/** Register names: `registers[round][r]`, placed as a {@link Placement} says. */
export type Registers = readonly (readonly string[])[];

/** Everything the passes of one shader share. */
export interface Line {
  readonly w: Wgsl;
  readonly plan: RadixPlan;
  readonly exchange: Exchange;
  /** WGSL name of the lane's number, below `plan.lanes`. */
  readonly lane: string;
  /** Index into the exchange memory for an element of this line, as a WGSL expression. */
  readonly indexOf: (element: string) => string;
}

/** Placement of the input of a transform. */
export function inputPlacement(line: Line, sign: Sign): Placement {
  return placement(line, order(line.plan, sign)[0]);
}

/** Placement of the output of {@link stockham}. */
export function outputPlacement(line: Line, sign: Sign): Placement {
  return placement(line, order(line.plan, sign).at(-1)!);
}

/** The element in register `r` of a round. */
export function elementOf({ rounds, step }: Placement, round: number, r: number): string {
  return plus(rounds[round].first, r * step);
}

/** Transforms registers placed as {@link inputPlacement} says; needs the twiddle table bound as `twiddles`. */
export function stockham(line: Line, sign: Sign, input: Registers): string[][] {
  const radices = order(line.plan, sign);
  let registers = input;
  for (let pass = 0, done = 1; pass < radices.length; done *= radices[pass], pass++) {
    const here = placement(line, radices[pass]);
    const phases = here.rounds.map(({ first }) => remainder(line.w, first, done));
    const outputs = registers.map((values, round) =>
      dft(line.w, twiddled(line, values, { phase: phases[round], order: done * here.radix, sign }), sign)
    );
    if (pass === radices.length - 1) return outputs;
    const starts = here.rounds.map(({ first }, round) =>
      line.w.let(
        done === 1 ? `${first} * ${here.radix}u` : `${first} * ${here.radix}u - ${phases[round]} * ${here.radix - 1}u`,
      )
    );
    const groups = here.rounds.map(({ active }, round): WriteGroup => ({
      condition: active,
      writes: outputs[round].map((value, r) => ({ index: line.indexOf(plus(starts[round], r * done)), value })),
    }));
    registers = collect(line, groups, placement(line, radices[pass + 1]));
  }
  return registers.map((values) => [...values]);
}

function order({ radices }: RadixPlan, sign: Sign): readonly number[] {
  return sign < 0 ? radices : radices.toReversed();
}

/** Lanes without work in the last round repeat the work of its last butterfly, and leave the storing to its owner. */
function placement({ w, plan, lane }: Line, radix: number): Placement {
  const butterflies = plan.length / radix;
  const rounds = Array.from({ length: Math.ceil(butterflies / plan.lanes) }, (_, round) => {
    const first = plus(lane, round * plan.lanes);
    if ((round + 1) * plan.lanes <= butterflies) {
      return { first: round === 0 ? first : w.let(first), active: undefined };
    }
    return { first: w.let(`min(${first}, ${butterflies - 1}u)`), active: `${first} < ${butterflies}u` };
  });
  return { radix, step: butterflies, rounds };
}

/** Multiplies value r by `exp(sign 2 pi sqrt(-1) r phase / order)`. */
function twiddled(
  { w, plan }: Line,
  values: readonly string[],
  { phase, order, sign }: { phase: string; order: number; sign: Sign },
): readonly string[] {
  if (order === values.length) return values;
  return values.map((value, r) => {
    if (r === 0) return value;
    const twiddle = w.let(`twiddles[${phase} * ${r * plan.length / order}u]`);
    return product(w, value, twiddle, sign > 0);
  });
}

/** Sends the groups through the exchange and reads them back as the next pass wants them. */
function collect(line: Line, groups: readonly WriteGroup[], to: Placement): string[][] {
  const reads = to.rounds.flatMap((_, round) =>
    Array.from({ length: to.radix }, (_, r) => line.indexOf(elementOf(to, round, r)))
  );
  const names = line.exchange.run(groups, reads);
  return to.rounds.map((_, round) => names.slice(round * to.radix, (round + 1) * to.radix));
}

/** `index mod divisor`; a mask where it can be, because WGSL guards every `%` against zero. */
function remainder(w: Wgsl, index: string, divisor: number): string {
  if (divisor === 1) return "0u";
  return w.let((divisor & (divisor - 1)) === 0 ? `${index} & ${divisor - 1}u` : `${index} % ${divisor}u`);
}
