/** The tiles of a job, wherever it stands. */
import type { JobRequest } from "shared/contract/job_request.ts";
import type { JobStatus } from "shared/contract/job_status.ts";
import type { TileMap } from "shared/contract/views/tile_map.ts";
import { isClearstackError } from "shared/errors.ts";
import { computedRequest, isTiffOutput } from "shared/image/output_form.ts";
import { readTileMap, tileArrangement } from "shared/image/output/read_tile_map.ts";
import { readTiffRecord } from "shared/image/output/tiff/tiff_record.ts";
import { openStore } from "shared/storage/open_store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";

interface AskedJob {
  readonly status: Pick<JobStatus, "state" | "tiles">;
  /** With its secrets. */
  readonly request: JobRequest;
  /** Tiles that this process has handed out. */
  readonly underWay: readonly number[];
}

/**
 * Tiles by what is stored of them.
 *
 * @throws {ClearstackError} `not-found` where nothing is there yet, or no longer; what reading throws
 */
export async function jobTiles({ status, request, underWay }: AskedJob, access: StoreAccess): Promise<TileMap> {
  const { url } = request.output;
  const store = openStore(computedRequest(request).output.url, access);
  try {
    const map = await readTileMap(store, access);
    const isDone = (index: number) => map.done.some(([first, last]) => first <= index && index <= last);
    return { ...map, underWay: underWay.filter((index) => !isDone(index)) };
  } catch (error) {
    if (!isClearstackError(error, "not-found") || status.state !== "done" || !isTiffOutput(url)) throw error;
    // The Zarr that the tiles were written into has become the TIFF.
    const arrangement = tileArrangement((await readTiffRecord(url, access))?.job);
    if (arrangement === undefined) throw error;
    return { ...arrangement, done: [[0, status.tiles - 1]], underWay: [] };
  }
}
