import type { Acceleration } from "kernels/deconvolver.ts";
import type { DataType } from "../device/data_volume.ts";
import type { OtfFormat } from "./otf_format.ts";

/** Kind of a program: numbers may change from run to run, these may not. */
export interface ProgramOptions {
  readonly acceleration: Acceleration;
  readonly nonCirculant: boolean;
  /** With total variation. */
  readonly totalVariation: boolean;
  /** With noise-gated damping. */
  readonly damped: boolean;
  readonly dataType: DataType;
  readonly otf: OtfFormat;
  /** With the Wiener-Butterworth back-projector. */
  readonly unmatched: boolean;
}
