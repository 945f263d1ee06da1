import type { Boundary } from "../contract.ts";
import { ClearstackError } from "../errors.ts";
import type { Box, Vec3 } from "../geometry.ts";
import type { RequestOptions } from "../storage/store.ts";
import type { Image } from "./image.ts";

/** Which voxels to read, and what stands outside the image. */
export interface ReadBoxOptions extends RequestOptions {
  /** Index along each axis before z, y, x; empty where there is none. */
  readonly outer: readonly number[];
  /** Voxels in z, y, x; may reach outside the image by any amount. A 2-D image has one plane, z = 0. */
  readonly box: Box;
  readonly boundary: Boundary;
  /** Value outside the image where boundary is `constant`. @default {0} */
  readonly boundaryValue?: number;
}

/** A box of voxels and what reading it cost. */
export interface BoxValues {
  /** `voxelCount(box.shape)` values, x contiguous, then y, then z. The caller owns them. */
  readonly values: Float32Array;
  /** Stored bytes fetched. */
  readonly bytesRead: number;
}

/** Reads a box of voxels as float32. Every chunk it touches is fetched and decoded once. */
export function readBox(_image: Image, _options: ReadBoxOptions): Promise<BoxValues> {
  throw new ClearstackError("internal", "not available yet");
}

/** The part of `box` inside an image of this shape, its start relative to the box. */
export function observedInBox(_shape: Vec3, _box: Box): Box {
  throw new ClearstackError("internal", "not available yet");
}
