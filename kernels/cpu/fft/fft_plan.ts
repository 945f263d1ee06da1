/**
 * Cut of a transform of one length into passes of butterflies, and the order of its frequencies.
 *
 * Forward transforms decimate in frequency, in place: pass p works on segments of `radix * span` rows, replaces rows
 * `m, m + span, ...` by their butterfly, and multiplies output k by `exp(-2 pi i m k / (radix * span))`. Frequencies come out
 * in digit-reversed order; inverse transforms run the same passes backwards and take them in that order, so nothing is ever
 * reordered: pointwise products do not care.
 */
import { RADICES, rootOfUnity } from "kernels/radices.ts";

/** One pass over all rows. */
export interface FftPass {
  readonly radix: number;
  /** Rows between the points of one butterfly; segments are `radix * span` rows long. 1 in the last pass. */
  readonly span: number;
  /** Start of the pass's factors in the plan's {@link twiddleTable}, in float32 values. */
  readonly twiddleStart: number;
}

/** A transform of `length` rows. */
export interface FftPlan {
  readonly length: number;
  /** In forward order. */
  readonly passes: readonly FftPass[];
}

/** The largest butterfly: one of 16 points already spills half of its values from the 16 SIMD registers of x86. */
const MAX_RADIX = Math.max(...RADICES);

/**
 * The plan for a length without prime factors above 7.
 *
 * Fewest passes first, because each is a walk through the cache; then the smallest of the largest butterflies.
 */
export function planFft(length: number): FftPlan {
  const radices = bestRadices(length);
  let span = length;
  let twiddleStart = 0;
  const passes = radices.map((radix) => {
    span /= radix;
    const pass = { radix, span, twiddleStart };
    twiddleStart += twiddleCount(pass);
    return pass;
  });
  return { length, passes };
}

function bestRadices(length: number): number[] {
  if (length <= MAX_RADIX) return [length];
  for (let count = 2;; count++) {
    for (let largest = 2; largest <= MAX_RADIX; largest++) {
      const radices = factorise(length, count, largest);
      if (radices) return radices;
    }
  }
}

/** `count` factors of `length` between 2 and `largest`, in descending order, if there are any. */
function factorise(length: number, count: number, largest: number): number[] | undefined {
  if (count === 0) return length === 1 ? [] : undefined;
  for (let radix = largest; radix >= 2; radix--) {
    if (length % radix !== 0 || !RADICES.includes(radix)) continue;
    const rest = factorise(length / radix, count - 1, radix);
    if (rest) return [radix, ...rest];
  }
  return undefined;
}

function twiddleCount({ radix, span }: { radix: number; span: number }): number {
  return span === 1 ? 0 : 2 * span * (radix - 1);
}

/**
 * The factors `exp(-2 pi i m k / (radix * span))` of every pass as pairs re, im: for each row m of a segment, k = 1 to
 * radix - 1. Computed in float64. The last pass needs none.
 */
export function twiddleTable(plan: FftPlan): Float32Array<ArrayBuffer> {
  const last = plan.passes[plan.passes.length - 1];
  const table = new Float32Array(last.twiddleStart);
  for (const { radix, span, twiddleStart } of plan.passes) {
    if (span === 1) break;
    let at = twiddleStart;
    for (let m = 0; m < span; m++) {
      for (let k = 1; k < radix; k++) {
        table.set(rootOfUnity(m, k, radix * span), at);
        at += 2;
      }
    }
  }
  return table;
}

/** The row that holds frequency `frequency` after a forward transform. */
export function frequencyRow(plan: FftPlan, frequency: number): number {
  let row = 0;
  for (const { radix, span } of plan.passes) {
    row += (frequency % radix) * span;
    frequency = Math.floor(frequency / radix);
  }
  return row;
}
