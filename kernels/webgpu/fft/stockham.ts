/**
 * A whole transform of one line by the lanes of a workgroup: Stockham's self-sorting passes in registers, with an exchange
 * between passes. Input and output are in natural order, and the last pass of a forward transform leaves its values where
 * the first pass of the inverse wants them, so that a multiplication in between needs no exchange.
 */
import { defineDft } from "./codelets.ts";
import type { Exchange, WriteGroup } from "./exchange.ts";
import type { RadixPlan } from "./radices.ts";
import { arrayOf, complexArray, elementsOf, plus, type Wgsl } from "../wgsl/wgsl.ts";

/**
 * Direction of a transform: the sign of its exponent. An inverse transform is the forward one of the conjugates, its result
 * conjugated, so that both share their functions; whoever loads and stores takes the conjugates, which costs nothing there.
 */
type Sign = 1 | -1;

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
}

/**
 * The same lanes under a number that no compiler knows to be the same; the shader binds the sizes. It would keep in registers whatever
 * it has found from the number once, until it is needed again: the addresses of all that is loaded until they are stored, twiddles
 * from one transform to the next.
 */
export function forgotten(line: Line): Line {
  return { ...line, lane: line.w.let(`${line.lane} + sizes.zero`) };
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

/**
 * Transforms registers placed as {@link inputPlacement} says; needs the twiddle table bound as `twiddles`. Registers of an inverse
 * transform, those that come and those that go, hold conjugates.
 */
export function stockham(line: Line, sign: Sign, input: Registers): string[][] {
  const radices = order(line.plan, sign);
  let registers = input;
  for (let pass = 0, done = 1; pass < radices.length; done *= radices[pass], pass++) {
    const here = placement(line, radices[pass]);
    const phases = here.rounds.map(({ first }) => remainder(line.w, first, done));
    const outputs = registers.map((values, round) =>
      butterfly(line, values, { phase: phases[round], order: done * here.radix })
    );
    if (pass === radices.length - 1) return outputs;
    const groups = here.rounds.map(({ first, active }, round): WriteGroup => ({
      condition: active,
      values: outputs[round],
      first: line.w.index(
        done === 1 ? `${first} * ${here.radix}u` : `${first} * ${here.radix}u - ${phases[round]} * ${here.radix - 1}u`,
      ),
      step: done,
    }));
    const next = placement(line, radices[pass + 1]);
    registers = line.exchange.run(
      groups,
      next.rounds.map(({ first }) => ({ first, step: next.step, count: next.radix })),
    );
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
      return { first: round === 0 ? first : w.index(first), active: undefined };
    }
    return { first: w.index(`min(${first}, ${butterflies - 1}u)`), active: `${first} < ${butterflies}u` };
  });
  return { radix, step: butterflies, rounds };
}

/** Transforms the values of a round, after multiplying value r by `exp(-2 pi sqrt(-1) r phase / order)`. */
function butterfly(
  { w, plan }: Line,
  values: readonly string[],
  { phase, order }: { phase: string; order: number },
): string[] {
  const radix = values.length;
  const transform = defineDft(w, radix);
  const turns = plan.length === order ? phase : `${phase} * ${plan.length / order}u`;
  const call = order === radix
    ? `${transform}(${arrayOf(values)})`
    : `${defineTurned(w, radix)}(${arrayOf(values)}, ${turns})`;
  return elementsOf(w.let(call), radix);
}

/** The transform of values that are turned first, number r by r times `t` of the table. */
function defineTurned(w: Wgsl, radix: number): string {
  const transform = defineDft(w, radix);
  const turn = w.define("turn", () => "(a: vec2f, t: u32) -> vec2f { return times(a, twiddles[t]); }");
  return w.define(`turned${radix}`, () => {
    const turned = elementsOf("a", radix).map((value, r) =>
      r === 0 ? value : `${turn}(${value}, ${r === 1 ? "t" : `${r} * t`})`
    );
    const type = complexArray(radix);
    return `(a: ${type}, t: u32) -> ${type} {\nreturn ${transform}(array(${turned.join(", ")}));\n}`;
  });
}

/** `index mod divisor`; a mask where it can be, because WGSL guards every `%` against zero. */
function remainder(w: Wgsl, index: string, divisor: number): string {
  if (divisor === 1) return "0u";
  return w.index((divisor & (divisor - 1)) === 0 ? `${index} & ${divisor - 1}u` : `${index} % ${divisor}u`);
}
