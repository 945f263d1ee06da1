/** The finished tiles of a job, for a view that shows them: read from the job's output, which is never written. */
import { type StoredArray, type StoredObjects, StoredObjectsSchema } from "shared/contract/stored_array.ts";
import { isClearstackError } from "shared/errors.ts";
import { openImage } from "shared/image/open_image.ts";
import { readJob } from "shared/image/output/job_record.ts";
import type { RecordOwner } from "shared/image/output/output_layout.ts";
import { decodeSealed } from "shared/image/output/sealed_json.ts";
import { objectDamage } from "shared/image/output/stored_objects.ts";
import { putRecord } from "shared/image/output/tile_records.ts";
import { readVoxels } from "shared/image/read/read_voxels.ts";
import { writeBlock } from "shared/image/write/write_block.ts";
import { asRecord } from "shared/image/zarr/zarr_node.ts";
import { READ_CONCURRENCY } from "shared/plan/host_memory.ts";
import { releaseMemory } from "shared/process/release_memory.ts";
import { openStore } from "shared/storage/open_store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import type { Box } from "shared/volume/geometry.ts";

/** A tile to copy. */
export interface CopiedTile {
  readonly index: number;
  /** Array of the view that it belongs to; that of the job has the same name. */
  readonly array: StoredArray;
  readonly outer: readonly number[];
  readonly core: Box;
  /** Hash of the plan with everything decided. */
  readonly planHash: string;
  /** Key of its record, in the output of whoever it is. */
  readonly recordKey: (owner: RecordOwner) => string;
  /** Run of the view's output. */
  readonly run: string;
}

export class JobTiles {
  readonly #url: string;

  /** @param url output of the job */
  constructor(url: string) {
    this.#url = url;
  }

  /**
   * Copies a tile that the job has finished.
   *
   * @returns stored bytes; undefined for one that the job has not finished, or whose objects are damaged
   * @throws {ClearstackError} what reading and writing throw
   */
  async copy(
    { array, outer, core, planHash, recordKey, run }: CopiedTile,
    access: StoreAccess,
  ): Promise<number | undefined> {
    const store = openStore(this.#url, access);
    const { job } = await readJob(store);
    if (job === undefined || (job.pilot?.planHash ?? job.planHash) !== planHash) return undefined;
    const record = asRecord(decodeSealed(await store.get(recordKey({ planHash, run: job.run }), access)));
    const stored = StoredObjectsSchema.safeParse(record.objects).data;
    // A chunk that is missing would be read as zeros.
    if (stored === undefined || await objectDamage(store, stored, access) !== undefined) return undefined;
    try {
      const image = await openImage({ url: this.#url, path: array.array, axes: array.axes.join("") }, access);
      const { values } = await readVoxels(image, {
        outer,
        box: core,
        concurrency: READ_CONCURRENCY,
        signal: access.signal,
      });
      const { bytesWritten, objects } = await writeBlock(array, { outer, core, values }, access);
      releaseMemory(values);
      await putRecord(array, recordKey({ planHash, run }), { ...record, objects }, access);
      return bytesWritten;
    } catch (error) {
      if (isClearstackError(error, "corrupt-data") || isClearstackError(error, "not-found")) return undefined;
      throw error;
    }
  }
}

/** Stored bytes of the objects that a record tells of. */
export function storedBytes(objects: StoredObjects = {}): number {
  return Object.values(objects).reduce((sum, entry) => sum + Number(entry.split(" ")[0]), 0);
}
