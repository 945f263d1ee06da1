/**
 * Radices of a transform of one length, and the lanes that share it.
 *
 * A pass of radix R does `length / R` butterflies; each of `lanes` invocations takes every `lanes`-th of them, so it holds
 * `R * ceil(length / R / lanes)` complex registers. Few passes mean few exchanges through workgroup memory; few registers
 * mean many workgroups in flight; a pass whose butterflies do not divide among the lanes leaves some idle.
 */
import { RADICES } from "kernels/radices.ts";

/** Plan of the transform of one length. */
export interface RadixPlan {
  readonly length: number;
  /** Radices in the order of the forward passes; their product is the length. The inverse takes them backwards. */
  readonly radices: readonly number[];
  /** Invocations that share one transform. */
  readonly lanes: number;
}

/** Rules that a plan keeps to. */
interface RadixRules {
  /** @default {64} */
  readonly maxLanes?: number;
  /** The last forward radix is even: rows of real voxels unpack around the middle of their spectrum. */
  readonly lastEven?: boolean;
  /** Of plans that cost the same, that with the smallest radix at this end. @default {any} */
  readonly smallEnd?: "first" | "last" | undefined;
  /** Preferred divisor of the first and the last radix: parts of the axis that lie in different buffers. @default {1} */
  readonly parts?: number;
}

/** Complex registers that suit a GPU best: enough loads in flight for one lane, few enough for many lanes. */
const IDEAL_REGISTERS = 8;

/** Above this many complex registers, they and their temporaries keep workgroups from running side by side. */
const FREE_REGISTERS = 16;

/** The most rounds beyond the fewest possible that are worth a look. */
const MAX_EXTRA_ROUNDS = 4;

/** The plan for one length that costs least under the rules. */
export function radixPlan(length: number, rules: RadixRules = {}): RadixPlan {
  const { maxLanes = 64, lastEven = false, smallEnd, parts = 1 } = rules;
  const sets = factorisations(length);
  const fewest = Math.min(...sets.map((radices) => radices.length));
  const orders = sets.filter((radices) => radices.length <= fewest + 1).flatMap(endsFirst)
    .filter((radices) => !lastEven || radices.at(-1)! % 2 === 0);
  const split = orders.filter((radices) => radices[0] % parts === 0 && radices.at(-1)! % parts === 0);
  const plans = (split.length > 0 ? split : orders).flatMap((radices) =>
    laneCounts(length, radices, maxLanes).map((lanes) => ({ length, radices, lanes }))
  );
  const costOf = (plan: RadixPlan) =>
    planCost(plan) + (smallEnd ? 1e-6 * plan.radices.at(smallEnd === "first" ? 0 : -1)! : 0);
  return plans.reduce((best, plan) => (costOf(plan) < costOf(best) ? plan : best));
}

/** Complex registers that one lane holds at most. */
export function registersPerLane({ length, radices, lanes }: RadixPlan): number {
  return Math.max(...radices.map((radix) => radix * Math.ceil(length / radix / lanes)));
}

/** Relative time: exchanges and arithmetic of every lane, idle ones included, and a penalty for registers. */
function planCost(plan: RadixPlan): number {
  const passes = plan.radices.map((radix) => {
    const slots = plan.lanes * Math.ceil(plan.length / radix / plan.lanes) * radix;
    return (slots / plan.length) * (1 + 0.1 * Math.log2(radix));
  });
  const registers = registersPerLane(plan);
  const preference = 1 + 0.01 * Math.abs(registers - IDEAL_REGISTERS);
  const pressure = 1 + Math.max(0, registers - FREE_REGISTERS) / FREE_REGISTERS;
  return passes.reduce((sum, cost) => sum + cost, 0) * preference * pressure;
}

/** All ways to write `length` as a product of radices, factors descending. */
function factorisations(length: number, largest = Infinity): number[][] {
  if (length === 1) return [[]];
  return RADICES.filter((radix) => radix <= largest && length % radix === 0)
    .flatMap((radix) => factorisations(length / radix, radix).map((rest) => [radix, ...rest]));
}

/** Orders with every choice of first and last radix; what lies between keeps its order, which costs the same. */
function endsFirst(radices: readonly number[]): number[][] {
  if (radices.length === 1) return [[...radices]];
  return radices.flatMap((first, i) => {
    const rest = radices.toSpliced(i, 1);
    return rest.map((last, j) => [first, ...rest.toSpliced(j, 1), last]);
  });
}

/** The fewest lanes for every number of rounds that some pass may take. */
function laneCounts(length: number, radices: readonly number[], maxLanes: number): number[] {
  const counts = new Set<number>();
  for (const radix of radices) {
    const butterflies = length / radix;
    const fewestRounds = Math.ceil(butterflies / maxLanes);
    for (let rounds = fewestRounds; rounds < fewestRounds + MAX_EXTRA_ROUNDS; rounds++) {
      counts.add(Math.ceil(butterflies / rounds));
    }
  }
  return [...counts];
}
