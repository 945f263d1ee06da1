/** Warnings about what a plan reads. */
import type { Plan } from "shared/contract/plan.ts";
import type { Warning } from "shared/contract/problem.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";
import { alongSpatialAxes } from "shared/volume/spatial.ts";
import { volumesPerChunk } from "shared/volume/volumes.ts";
import { formatBytes } from "./host_memory.ts";

/** Bytes read over those that the boxes of all tiles hold, from where on it is worth a word. */
const MAX_RATIO = 4;

/** Less than this is read in seconds. */
const MIN_EXCESS_BYTES = 2 ** 30;

/**
 * A warning where chunks of the source reach so far beyond boxes that most of what is read is thrown away: each tile reads and decodes
 * every chunk that it touches by itself.
 */
export function readWarnings(
  { source, box, bytesRead, readAmplification, inflation }: Pick<
    Plan,
    "source" | "box" | "bytesRead" | "readAmplification" | "inflation"
  >,
): Warning[] {
  const imageBytes = bytesRead / readAmplification;
  const boxesBytes = imageBytes * inflation;
  if (bytesRead < MAX_RATIO * boxesBytes || bytesRead - boxesBytes < MIN_EXCESS_BYTES) return [];
  const { chunkShape, dtype } = source;
  const sides = alongSpatialAxes(source, chunkShape);
  if (volumesPerChunk(source) === 1 && sides.every((side, axis) => side <= box[axis]!)) return [];
  const chunkBytes = chunkShape.reduce((product, side) => product * side, dtypeBytes(dtype));
  return [{
    code: "source-chunks",
    level: "warning",
    message:
      `${formatBytes(bytesRead)} are read for an image of ${formatBytes(imageBytes)}, as every tile reads whole ` +
      `chunks of the source, ${chunkShape.join(", ")} or ${formatBytes(chunkBytes)} each: convert the source first ` +
      "(clearstack convert), or give a larger --tile",
    value: bytesRead,
    limit: imageBytes,
  }];
}
