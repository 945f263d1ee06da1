/** The algorithms that the quality table compares. */
import type { DeconvolverOptions } from "kernels/deconvolver.ts";

/** One way to deconvolve. */
export interface Method {
  readonly name: string;
  readonly options: Partial<DeconvolverOptions>;
}

export const METHODS: readonly Method[] = [
  { name: "plain", options: {} },
  { name: "shb", options: { acceleration: "shb" } },
  { name: "biggs", options: { acceleration: "biggs" } },
  { name: "tv", options: { totalVariation: 0.001 } },
  { name: "shb + tv", options: { acceleration: "shb", totalVariation: 0.001 } },
  { name: "wb (preview)", options: { backProjector: "wiener-butterworth" } },
];
