/**
 * Stages: the work on real voxels between the inverse and the forward transform along x.
 *
 * A stage works on pairs of voxels, one of each of two neighbouring rows, as `vec2f`.
 */
import type { Access, Binding } from "../wgsl/shader.ts";
import type { Wgsl } from "../wgsl/wgsl.ts";

/** The voxels of one register of a row kernel. */
export interface VoxelPair {
  readonly w: Wgsl;
  /** WGSL expressions: position along x, rows of the two voxels in their plane, and plane in the slab. */
  readonly x: string;
  readonly y: readonly [string, string];
  readonly plane: string;
  /** WGSL expression of the two voxels of a volume. */
  stored(volume: string): string;
  /** Name of the two voxels of a volume. */
  load(volume: string): string;
  /** The same of a volume of uint16 values. */
  loadUint16(volume: string): string;
  /** Stores two voxels into a volume, unless another lane owns them. */
  store(volume: string, value: string): void;
  /** Adds both voxels of two terms to the two sums of the workgroup, unless another lane owns them. */
  add(first: string, second: string): void;
}

/** One way to use a row kernel. */
export interface RowStage {
  readonly label: string;
  /** Volumes besides the spectrum. */
  readonly volumes: readonly Binding[];
  /** Bindings of structs. @default {none} */
  readonly structs?: readonly Binding[];
  /** WGSL functions that {@link point} calls. @default {none} */
  readonly functions?: string;
  /** True if `blurred` comes from the inverse transform of the spectrum, scaled; otherwise it is not given. @default {true} */
  readonly inverse?: boolean;
  /** True if the result is transformed forward into the spectrum. @default {true} */
  readonly forward?: boolean;
  /**
   * True if the stage calls {@link VoxelPair.add}; its structs then include the slab, which has its own place in the sums.
   * @default {false}
   */
  readonly sums?: boolean;
  /**
   * What the same shader does where a condition holds that all invocations see alike, so that stages which run once share a pipeline:
   * the inverse transform and this stage, which neither sums nor transforms forward. @default {nothing}
   */
  readonly instead?: { readonly condition: string; readonly stage: RowStage } | undefined;
  /** Emits the arithmetic and returns the name of what to transform forward. */
  readonly point: (pair: VoxelPair, blurred: string) => string;
}

/** The binding of a real volume. */
export function volume(name: string, access: Exclude<Access, "uniform">): Binding {
  return { name, type: "array<f32>", access };
}

/** The binding of a volume of uint16 values, two in a word, the one at the even position in the lower half. */
export function uint16Volume(name: string, access: Exclude<Access, "uniform">): Binding {
  return { name, type: "array<u32>", access };
}
