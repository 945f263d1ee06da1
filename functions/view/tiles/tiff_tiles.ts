/** Tiles out of the TIFF that a job has finished, whose Zarr is gone by then. */
import type { StoredArray } from "shared/contract/stored_array.ts";
import type { TileReport } from "shared/contract/tile.ts";
import type { Image } from "shared/image/image.ts";
import { openImage } from "shared/image/open_image.ts";
import { putRecord } from "shared/image/output/tile_records.ts";
import { readTiffRecord } from "shared/image/output/tiff/tiff_record.ts";
import { readVoxels } from "shared/image/read/read_voxels.ts";
import { writeBlock } from "shared/image/write/write_block.ts";
import { READ_CONCURRENCY } from "shared/plan/host_memory.ts";
import { RecentCache } from "shared/process/recent_cache.ts";
import { releaseMemory } from "shared/process/release_memory.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import type { CopiedTile } from "./job_tiles.ts";

export class TiffTiles {
  readonly #url: string;
  readonly #opened = new RecentCache<"tiff", { readonly image: Image; readonly planHash: string } | undefined>(1);

  /** @param url output of the job */
  constructor(url: string) {
    this.#url = url;
  }

  /**
   * Copies a tile out of the finished TIFF.
   *
   * @returns stored bytes; undefined where there is no such TIFF, or it is of another plan
   * @throws {ClearstackError} what reading and writing throw
   */
  async copy(
    { index, array, outer, core, planHash, recordKey, run }: CopiedTile,
    access: StoreAccess,
  ): Promise<number | undefined> {
    const started = performance.now();
    const opened = await this.#open(access);
    if (opened?.planHash !== planHash || !isSameArray(opened.image, array)) return undefined;
    try {
      const box = { outer: outerIn(opened.image, array, outer), box: core, concurrency: READ_CONCURRENCY };
      const { values, bytesRead } = await readVoxels(opened.image, { ...box, signal: access.signal });
      const read = performance.now();
      const { bytesWritten, objects } = await writeBlock(array, { outer, core, values }, access);
      releaseMemory(values);
      const written = performance.now();
      const report: TileReport = {
        ...{ index, backend: "cpu", adapter: "none: copied", kernelSeconds: 0, bytesRead, bytesWritten },
        seconds: (written - started) / 1000,
        readSeconds: (read - started) / 1000,
        writeSeconds: (written - read) / 1000,
      };
      await putRecord(array, recordKey({ planHash, run }), { ...report, objects }, access);
      return bytesWritten;
    } catch (error) {
      // The file is another by now: it is opened anew for the next tile.
      this.#opened.forget("tiff");
      throw error;
    }
  }

  /** The TIFF and the plan that it is of. What there is not yet is looked for again. */
  async #open(access: StoreAccess) {
    const { environment } = access;
    const opened = await this.#opened.get("tiff", async (signal) => {
      const record = await readTiffRecord(this.#url, { environment, signal });
      if (record === undefined) return undefined;
      const image = await openImage({ url: this.#url }, { environment, signal });
      return { image, planHash: record.job.pilot?.planHash ?? record.job.planHash };
    }, access.signal);
    if (opened === undefined) this.#opened.forget("tiff");
    return opened;
  }
}

/** True where both hold the same voxels; a TIFF may have axes in another order, or lack those of length 1. */
function isSameArray({ info }: Image, { dtype, axes, shape }: StoredArray): boolean {
  const lengthOf = (name: string) => info.shape[info.axes.findIndex((axis) => axis.name === name)] ?? 1;
  return info.dtype === dtype && axes.every((name, axis) => lengthOf(name) === shape[axis]);
}

/** The index of a volume of an array along the axes of the TIFF. */
function outerIn({ info }: Image, { axes }: StoredArray, outer: readonly number[]): number[] {
  return info.axes.filter(({ type }) => type !== "space").map(({ name }) => outer[axes.indexOf(name)] ?? 0);
}
