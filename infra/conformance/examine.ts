/** Measures every property of the suite on one implementation. */
import type { Property } from "./property.ts";
import { CONSERVATION } from "./properties/conservation.ts";
import { PLACEMENT } from "./properties/placement.ts";
import { PRECISION } from "./properties/precision.ts";
import { ROBUSTNESS } from "./properties/robustness.ts";
import { NotApplicable, type Subject } from "./subject.ts";

/** The suite, in the order of the table. */
export const PROPERTIES: readonly Property[] = [...PLACEMENT, ...CONSERVATION, ...PRECISION, ...ROBUSTNESS];

/** Result of one implementation on one property. */
export type Verdict =
  | { readonly verdict: "pass" | "fail"; readonly figure: number }
  /** It refused what it should have done. */
  | { readonly verdict: "fail"; readonly error: string }
  | { readonly verdict: "not applicable" };

/** Measures one property; whatever is thrown becomes part of the verdict. */
export async function examine(property: Property, subject: Subject): Promise<Verdict> {
  try {
    const figure = await property.measure(subject);
    return { verdict: figure <= property.limit ? "pass" : "fail", figure };
  } catch (error) {
    if (error instanceof NotApplicable) return { verdict: "not applicable" };
    return { verdict: "fail", error: error instanceof Error ? error.message : String(error) };
  }
}
