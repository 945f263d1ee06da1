/** Triples and boxes of voxels, z, y, x, where they cross a boundary. */
import { z } from "zod";
import { MAX_SIDE } from "shared/plan/fast_size.ts";

const Side = z.int().min(1).max(1_000_000);
export const Vec3Schema = z.tuple([Side, Side, Side]).readonly();
export const HaloSchema = z.tuple([
  z.int().min(0).max(MAX_SIDE),
  z.int().min(0).max(MAX_SIDE),
  z.int().min(0).max(MAX_SIDE),
])
  .readonly();

export const StartSchema = z.tuple([z.int(), z.int(), z.int()]).readonly();
export const BoxSchema = z.strictObject({ start: StartSchema, shape: Vec3Schema });
