/** What is known of views, in the cache beside their outputs: it outlives the process. */
import { z } from "zod";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { PlanSchema } from "shared/contract/plan.ts";
import { decodeSealed, encodeSealed } from "shared/image/output/sealed_json.ts";
import type { Store } from "shared/storage/store.ts";

const WindowSchema = z.strictObject({ min: z.number(), max: z.number(), start: z.number(), end: z.number() });

const ViewRecordSchema = z.strictObject({
  id: z.string(),
  owner: z.string().optional(),
  created: z.iso.datetime(),
  expires: z.iso.datetime(),
  /** The request as a job's, its output in the cache. */
  request: JobRequestSchema,
  plan: PlanSchema,
  windows: z.array(WindowSchema).optional(),
  /** Whose finished tiles are shown. */
  job: z.strictObject({
    id: z.string(),
    /** The Zarr that the job computes, and the TIFF that it makes of it in the end. */
    output: z.string(),
    tiff: z.string().optional(),
  }).optional(),
});
export type ViewRecord = z.infer<typeof ViewRecordSchema>;

const FOLDER = "views/";

/** Name of the key that views are signed with, where the service is given none. */
const SIGNING_KEY = "signing.key";

/** The records of all views in a cache. */
export class ViewRecords {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async put(record: ViewRecord): Promise<void> {
    await this.#store.put(keyOf(record.id), encodeSealed(record));
  }

  /** Undefined for one that there is not, or that cannot be read. */
  async get(id: string): Promise<ViewRecord | undefined> {
    // Nothing else becomes a key.
    if (!/^[\w-]{1,64}$/.test(id)) return undefined;
    const { crc32: _, ...fields } = Object(decodeSealed(await this.#store.get(keyOf(id))));
    return ViewRecordSchema.safeParse(fields).data;
  }

  async ids(): Promise<string[]> {
    const names = await Array.fromAsync(this.#store.listNames(FOLDER));
    return names.flatMap((name) => /^([\w-]+)\.json$/.exec(name)?.[1] ?? []);
  }

  /** Removes all of a view: its record first, so that nobody finds what is half gone. */
  async remove(id: string): Promise<void> {
    await this.#store.delete(keyOf(id));
    await this.#store.deleteAll(`${outputsFolder(id)}`);
  }

  /** The key that is kept beside the views, so that their URLs outlive the process; made if there is none. */
  async signingKey(bytes: number): Promise<Uint8Array> {
    const made = crypto.getRandomValues(new Uint8Array(bytes));
    if (await this.#store.put(SIGNING_KEY, made, { ifAbsent: true })) return made;
    return (await this.#store.get(SIGNING_KEY))!;
  }
}

/** Folder of everything that is computed for a view, inside the cache. */
export function outputsFolder(id: string): string {
  return `outputs/${id}/`;
}

function keyOf(id: string): string {
  return `${FOLDER}${id}.json`;
}
