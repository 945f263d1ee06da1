/**
 * Dispatches as plain data: which shader, bound to which slices of which buffers, over which grid.
 */
import type { Binding, Shader } from "../wgsl/shader.ts";

/** A buffer that a program needs. */
export interface BufferSpec {
  readonly name: string;
  readonly bytes: number;
  readonly usage: "storage" | "uniform";
  /** Contents from the start. @default {zeros} */
  readonly contents?: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;
}

/** A slice of a buffer bound to one binding. */
export interface Resource {
  readonly buffer: string;
  readonly offset: number;
  readonly bytes: number;
  /** Bytes of the slice that the pass reads and that it writes in device memory, each byte once per direction. */
  readonly read: number;
  readonly written: number;
}

/** One dispatch. */
export interface Pass {
  readonly shader: Shader;
  /** In the order of `shader.bindings`. */
  readonly resources: readonly Resource[];
  readonly grid: readonly [x: number, y: number];
}

/** Passes that follow each other on the same slab; what they hand over may stay in the cache of the device. */
export type Stage = readonly Pass[];

/** Place of a resource. */
export interface Slice {
  readonly buffer: string;
  readonly offset?: number;
  readonly bytes: number;
  /** Bytes that are used, where it is not all of them. */
  readonly used?: number;
}

/** The resource of a binding. */
export function resourceOf({ access }: Binding, { buffer, offset = 0, bytes, used = bytes }: Slice): Resource {
  return { buffer, offset, bytes, read: access === "write" ? 0 : used, written: access.endsWith("write") ? used : 0 };
}
