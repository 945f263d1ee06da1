/** Messages of the `deconvolve` function about one tile. */
import { z } from "zod";
import { BackendSchema } from "./algorithm.ts";
import { BoxSchema } from "./box.ts";
import { TileAlgorithmSchema } from "./decisions.ts";
import { ImageInfoSchema } from "./image_info.ts";
import { LevelTaskSchema } from "./level.ts";
import { TaskPsfSchema } from "./location.ts";
import { PsfFitSchema } from "./psf_info.ts";
import { ClippingSchema, StoredArraySchema, StoredObjectsSchema } from "./stored_array.ts";

/** A core and the box it is computed on, where a tile does not fit the device as one. */
const PieceSchema = z.strictObject({ core: BoxSchema, box: BoxSchema });
export type Piece = z.infer<typeof PieceSchema>;

/** One tile: the core it owns in the output, the box it reads, and which (t, c) plane stack it belongs to. */
const TileSchema = z.strictObject({
  index: z.int().min(0),
  outer: z.array(z.int().min(0)).describe("index along the axes before z, y, x (t, c)"),
  core: BoxSchema.describe("voxels this tile writes: whole stored objects"),
  box: BoxSchema.describe("voxels this tile computes on: core, halo and growth; may reach outside the image"),
});
export type Tile = z.infer<typeof TileSchema>;

/** Message to the `deconvolve` function: one tile, complete in itself. URLs and numbers only, never voxels. */
export const TileTaskSchema = z.strictObject({
  planHash: z.string(),
  source: ImageInfoSchema,
  psf: TaskPsfSchema,
  psfSha256: z.string().describe("of the PSF as it is used"),
  psfFit: PsfFitSchema.optional(),
  output: StoredArraySchema,
  algorithm: TileAlgorithmSchema,
  backend: BackendSchema,
  repeated: BoxSchema.optional().describe(
    "the volume with what its boundary rule puts around it, in voxels of the volume, beyond which it repeats",
  ),
  tile: TileSchema,
  pieces: z.array(PieceSchema).min(2).optional().describe("compute the tile in these, whose cores make up its own"),
  coarser: LevelTaskSchema.pick({ level: true, factors: true, output: true, tile: true }).optional().describe(
    "tile of the first coarser level that is made of this tile's core and nothing else, to be written with it",
  ),
});
export type TileTask = z.infer<typeof TileTaskSchema>;

/** Counts of the values of some voxels of the source. */
const ValueCountsSchema = z.strictObject({
  voxels: z.int(),
  negative: z.int(),
  largest: z.number(),
  atLargest: z.int().describe("voxels of the largest value"),
  nearLargest: z.int().describe("voxels just below it"),
});
export type ValueCounts = z.infer<typeof ValueCountsSchema>;

/** Why a box was not computed. */
const EmptyReasonSchema = z.enum(["flat", "below", "missing"]);
export type EmptyReason = z.infer<typeof EmptyReasonSchema>;

/** Answer of the `deconvolve` function, also kept beside the output as the record that the tile is done. */
export const TileReportSchema = z.strictObject({
  index: z.int().min(0),
  backend: z.enum(["webgpu", "cpu"]),
  adapter: z.string(),
  seconds: z.number(),
  readSeconds: z.number(),
  kernelSeconds: z.number(),
  writeSeconds: z.number(),
  bytesRead: z.number().describe("stored bytes fetched from the source"),
  bytesWritten: z.number().describe("stored bytes written, of the coarser level too"),
  values: ValueCountsSchema.optional().describe("of the tile's core in the source"),
  clipping: ClippingSchema.optional().describe("of the tile's core, where the output stores integers"),
  empty: EmptyReasonSchema.optional().describe(
    "why the tile was not computed: its voxels are as good as equal, all below the value that the request gave, or not stored",
  ),
  pieces: z.int().min(2).optional().describe(
    "boxes that the tile was computed in because it did not fit the device as one; they differ from it as tiles do from the " +
      "whole",
  ),
});
export type TileReport = z.infer<typeof TileReportSchema>;

/** Record that a tile is finished: the answer, and what was stored. */
export const TileRecordSchema = TileReportSchema.extend({
  objects: StoredObjectsSchema.optional(),
  crc32: z.number().optional(),
});
