/** Boxes of which nothing is stored: their voxels are known without reading any. */
import { mapLimited } from "shared/process/map_limited.ts";
import { READ_CONCURRENCY } from "shared/plan/host_memory.ts";
import type { Image } from "../image.ts";
import { OUTSIDE } from "./axis_map.ts";
import { boxChunks, type BoxOptions } from "./box_chunks.ts";
import { coordsOf } from "./volume_chunk.ts";

/**
 * The number that `readBox` would give every voxel of a box that lies in the image, where no chunk that it needs is stored. The
 * store is asked for nothing but whether chunks are there, and for no more once one is.
 *
 * @returns the value as float32, the offset added; undefined where a chunk is stored or chunks cannot be missing, where no voxel of
 * the box lies in the image, and where the rule puts another value outside it
 * @throws {ClearstackError} `forbidden`, `store-unavailable`, `cancelled`
 */
export async function unstoredValue(image: Image, options: BoxOptions): Promise<number | undefined> {
  const { unstored } = image;
  if (unstored === undefined) return undefined;
  const { outer, maps, visits } = boxChunks(image, options);
  const { boundary, boundaryValue = 0, offset = 0, signal } = options;
  const isOutside = boundary === "constant" && maps.some((map) => map.includes(OUTSIDE));
  if (visits.length === 0 || (isOutside && !Object.is(boundaryValue, unstored.fill))) return undefined;
  // What has structure has most of it in the middle, so that a full image is asked for one chunk of each box.
  const middle = visits.length >> 1;
  const [first, ...others] = [visits[middle]!, ...visits.slice(0, middle), ...visits.slice(middle + 1)];
  let found = false;
  const look = async (visit: (typeof visits)[number]) => {
    if (await unstored.isStored(coordsOf(image, { outer, at: visit.at }), { signal })) found = true;
  };
  await look(first!);
  if (!found) await mapLimited(others, READ_CONCURRENCY, (visit) => found ? Promise.resolve() : look(visit));
  return found ? undefined : Math.fround(unstored.fill + offset);
}
