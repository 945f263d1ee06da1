/** Subject of the conformance suite: any implementation of Richardson-Lucy, ours or another's. */
import type { DeconvolverOptions, Divergence, RunOptions } from "kernels/deconvolver.ts";
import type { Vec3 } from "shared/volume/geometry.ts";

/** One deconvolution; {@link RunOptions.start} is the implementation's own where it is left out. */
export type Deconvolution = DeconvolverOptions & RunOptions & {
  /** True to use another implementation as it comes, without the settings that bring it closest to ours. */
  readonly asShipped?: boolean;
};

/** Answer of an implementation. */
export interface Answer {
  /** As many values as the box has voxels. */
  readonly estimate: ArrayLike<number>;
  readonly divergence?: readonly Divergence[];
}

/** An implementation under examination. */
export interface Subject {
  readonly name: string;
  /** Version or device, for the head of the table. */
  readonly description: string;
  /** True for our own: one property that fails makes the command fail. */
  readonly own: boolean;
  /** Values that its convolution takes for voxels beyond the box. */
  readonly edges: "periodic" | "zero";
  /** A box and a PSF shape of parities that it gets right, for properties that are not about parity. */
  readonly home: { readonly box: Vec3; readonly psfShape: Vec3 };
  /** @throws {NotApplicable} if it has no such option; anything else it throws counts as its refusal */
  run(data: Float32Array, deconvolution: Deconvolution): Promise<Answer>;
  close(): Promise<void>;
}

/** Thrown where a property asks for what an implementation does not offer. */
export class NotApplicable extends Error {
  override readonly name = "NotApplicable";
}
