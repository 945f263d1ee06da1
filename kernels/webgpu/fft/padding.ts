/**
 * Gaps in the exchange memory that keep lanes out of each other's way: workgroup memory is 32 banks of 4 bytes, and lanes that need
 * different words of one bank take turns. Lanes write numbers that lie a radix apart, which for even radices are few banks.
 */
import type { RadixPlan } from "./radices.ts";

/** Element `e` of a line lies at `e + (e >> shift)`, without a gap where there is no shift. */
export type Padding = number | undefined;

/** Elements that a line takes. */
export function paddedLength(length: number, padding: Padding): number {
  return padding === undefined ? length : length + (length >> padding);
}

/** WGSL: where the element `e` lies. */
export function paddedElement(padding: Padding): string {
  return padding === undefined ? "e" : `(e + (e >> ${padding}u))`;
}

/**
 * True if `count` elements, `step` from one to the next, lie equally far apart, wherever the first of them is less than a step beyond a
 * multiple of `count * step`: gaps then fall on all steps alike, or on none.
 */
export function isEven(step: number, count: number, padding: Padding): boolean {
  const gap = 1 << (padding ?? 0);
  return step % gap === 0 || gap % (step * count) === 0;
}

const BANKS = 32;
const WARP = 32;

/** How a workgroup lies in memory and in warps. */
interface ExchangeLayout {
  readonly plan: RadixPlan;
  /** Words of an element: 2, or 1 where parts are exchanged one after the other. */
  readonly words: 1 | 2;
  /** Neighbouring lines whose elements of one number lie beside each other; 1 where each line lies by itself. */
  readonly columns: number;
}

/** Of the given paddings the one with the fewest turns, the first unless another saves more than a share of its turns. */
export function bestPadding(layout: ExchangeLayout, candidates: readonly Padding[], leastGain: number): Padding {
  const turns = candidates.map((padding) => turnsOf(layout, padding));
  const least = Math.min(...turns);
  return least < (1 - leastGain) * turns[0]! ? candidates[turns.indexOf(least)] : candidates[0];
}

/** Turns that the first lanes of a workgroup take for all writes and reads of a transform there and back. */
export function turnsOf({ plan, words, columns }: ExchangeLayout, padding: Padding): number {
  // Of 8 bytes each, half a warp is served at a time.
  const together = WARP / words;
  const lanes = Math.min(plan.lanes, Math.ceil(WARP / columns));
  const placeOf = (column: number, e: number) => (paddedLength(e, padding) * columns + column) % (BANKS / words);
  let turns = 0;
  for (const radices of [plan.radices, plan.radices.toReversed()]) {
    for (let pass = 0, done = 1; pass + 1 < radices.length; done *= radices[pass]!, pass++) {
      const [radix, next] = [radices[pass]!, radices[pass + 1]!];
      const written = (lane: number, r: number) => lane * radix - lane % done * (radix - 1) + r * done;
      const read = (lane: number, r: number) => lane + r * (plan.length / next);
      for (const [count, elementOf] of [[radix, written], [next, read]] as const) {
        for (let r = 0; r < count; r++) {
          const places = Array.from({ length: lanes * columns }, (_, i) => {
            const [lane, column] = [Math.floor(i / columns), i % columns];
            return placeOf(column, elementOf(lane, r));
          });
          for (let start = 0; start < places.length; start += together) {
            turns += mostAlike(places.slice(start, start + together));
          }
        }
      }
    }
  }
  return turns;
}

function mostAlike(places: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const place of places) counts.set(place, (counts.get(place) ?? 0) + 1);
  return Math.max(...counts.values());
}
