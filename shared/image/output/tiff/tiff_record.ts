/** What a TIFF of ours says about itself: the records that lie beside the arrays of a Zarr, in one tag. */
import { z } from "zod";
import { JobResultSchema } from "shared/contract/job_status.ts";
import { isClearstackError } from "shared/errors.ts";
import { MAX_DOCUMENT_BYTES, type ReadableStore } from "shared/storage/store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { canonicalUrl, redactUrl } from "shared/storage/url.ts";
import { entryBytes } from "../../tiff/tiff_directory.ts";
import { openTiffFile } from "../../tiff/tiff_file.ts";
import { RECORD_TAG } from "../../tiff/write_tiff.ts";
import { decodeJson } from "../../zarr/json.ts";
import { asRecord } from "../../zarr/zarr_node.ts";
import { JobRecordSchema } from "../job_record.ts";
import { DONE_KEY, JOB_KEY } from "../output_layout.ts";
import { decodeSealed } from "../sealed_json.ts";

const TiffRecordSchema = z.strictObject({
  /** Record of the job, of which the output is the TIFF. */
  job: JobRecordSchema,
  /** Record that it is complete. */
  done: z.looseObject({ result: JobResultSchema.optional().catch(undefined) }),
  /** The `clearstack` attribute of a Zarr. */
  provenance: z.record(z.string(), z.unknown()),
});
export type TiffRecord = z.infer<typeof TiffRecordSchema>;

/** The record of a TIFF of ours; undefined for any other file, and where there is none. */
export async function readTiffRecord(url: string, access: StoreAccess): Promise<TiffRecord | undefined> {
  try {
    const file = await openTiffFile(canonicalUrl(url), access);
    return await file.withPage(0, async ({ directory }) => {
      const entry = directory.entries.find(({ tag, length }) => tag === RECORD_TAG && length <= MAX_DOCUMENT_BYTES);
      if (entry === undefined) return undefined;
      const text = (await entryBytes(file, entry)).subarray(0, -1);
      return TiffRecordSchema.safeParse(decodeJson(text)).data;
    }, access);
  } catch (error) {
    const isOther = isClearstackError(error) && ["not-found", "corrupt-data", "unsupported"].includes(error.kind);
    if (isOther) return undefined;
    throw error;
  }
}

/**
 * The records of a Zarr as those of the TIFF that is made of it.
 *
 * @param attributes of its root
 */
export async function tiffRecord(
  url: string,
  { computed, attributes }: { readonly computed: ReadableStore; readonly attributes: Record<string, unknown> },
): Promise<Record<string, unknown>> {
  const output = redactUrl(canonicalUrl(url));
  const read = async (key: string) => {
    const { crc32: _, ...record } = asRecord(decodeSealed(await computed.get(key)));
    return record;
  };
  const [job, done] = [await read(JOB_KEY), await read(DONE_KEY)];
  const provenance = asRecord(attributes.clearstack);
  return {
    job: { ...job, request: requestOfTiff(output, job.request) },
    done: done.result === undefined ? done : { ...done, result: { ...asRecord(done.result), output } },
    provenance: provenance.request === undefined
      ? provenance
      : { ...provenance, request: requestOfTiff(output, provenance.request) },
  };
}

/** The request of a TIFF, out of that of the Zarr that it is made of. Its plan has one level, whatever was asked for. */
export function requestOfTiff(output: string, request: unknown): Record<string, unknown> {
  const asked = asRecord(request);
  return { ...asked, output: { ...asRecord(asked.output), url: output, ifExists: "fail", pyramid: "auto" } };
}
