/**
 * The place of an output, which others may have come to share: groups of labels or tables beside its arrays, attributes of its
 * root. They are kept whatever becomes of the output.
 */
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import type { Store } from "shared/storage/store.ts";
import type { OmeVersion } from "shared/contract/stored_array.ts";
import { encodeJson } from "../zarr/json.ts";
import { assertRun, type JobRecord, readJob } from "./job_record.ts";
import { DONE_KEY, JOB_KEY, RECORDS } from "./output_layout.ts";
import { encodeSealed } from "./sealed_json.ts";
import { asRecord, readZarrNode, type ZarrNode } from "../zarr/zarr_node.ts";

/** Says that what lies here beside our records belongs to others, also while there is no job. */
const SHARED_KEY = ".clearstack/shared.json";

/** Documents of a root group, version 3 and 2. */
const ROOT_DOCUMENTS = ["zarr.json", ".zgroup", ".zattrs", ".zmetadata"];

/** Attributes of the root that are ours, and those of `ome` that are. */
const OWN_ATTRIBUTES = ["multiscales", "omero", "clearstack"];
const OWN_OME_ATTRIBUTES = ["version", "multiscales", "omero"];

/** True where things of others lie that an earlier output left alone. */
export async function isShared(store: Store): Promise<boolean> {
  return await store.head(SHARED_KEY) !== undefined;
}

/** An output that is being removed. */
interface RemovedOutput {
  /** Paths of our arrays. */
  readonly arrays: readonly string[];
  /** Run that removes it, and has said so in the record of the job. */
  readonly run: string;
}

/**
 * Removes all of an output of ours but the record of its job, and leaves alone what others put beside it. Interrupted at any
 * time, what remains is no image to viewers and free for the next job.
 *
 * @throws {ClearstackError} `conflict` once another run has taken the place; what removing throws
 */
export async function emptyOutput(store: Store, { arrays, run }: RemovedOutput): Promise<void> {
  const root = await readRoot(store);
  const kept = othersAttributes(root);
  const shared = await isShared(store) || Object.keys(kept).length > 0 || (await othersNames(store, arrays)).length > 0;
  const step = async (change: () => Promise<unknown>) => {
    await assertRun(store, run, { emptying: true });
    await change();
  };
  if (shared) {
    const note = encodeJson({ note: "groups and attributes beside the output belong to others" });
    await step(() => store.put(SHARED_KEY, note));
  }
  await step(() => store.delete(DONE_KEY));
  if (shared && root !== undefined) await step(() => putBareRoot(store, root, kept));
  else for (const key of ROOT_DOCUMENTS) await step(() => store.delete(key));
  for (const array of arrays) await step(() => store.deleteAll(`${array}/`));
  for await (const name of store.listNames(RECORDS)) {
    const key = RECORDS + name;
    if (key !== SHARED_KEY && key !== JOB_KEY) await step(() => store.deleteAll(key));
  }
  await step(async () => await store.deletePartials?.(""));
}

/**
 * Removes an output that its run has begun and that no process has recorded a tile in, or joined. Any other stays as it is.
 */
export async function discardOutput(store: Store, { arrays, run }: RemovedOutput): Promise<void> {
  const { job, tag } = await readJob(store);
  if (job?.run !== run || job.joined || job.emptying !== undefined) return;
  for await (const key of store.list(`${RECORDS}tiles/`)) if (key.includes(`/${run}/`)) return;
  await removeAs(store, { arrays, run }, { job, tag });
}

/** Removes an output that its run has finished, and that was no more than a step on the way to another form. */
export async function removeOutput(store: Store, run: string): Promise<void> {
  const { job, tag } = await readJob(store);
  if (job?.run !== run) return;
  await removeAs(store, { arrays: job.arrays, run }, { job, tag });
}

/** Removes all that is ours, unless the record of the job has changed since it was read. */
async function removeAs(
  store: Store,
  { arrays, run }: RemovedOutput,
  { job, tag }: { readonly job: JobRecord; readonly tag: string | undefined },
): Promise<void> {
  // From here on nobody joins, and whoever wants the place takes it by the same conditional write.
  if (await store.swap(JOB_KEY, encodeSealed({ ...job, emptying: [...arrays] }), tag) === undefined) return;
  await emptyOutput(store, { arrays, run });
  await assertRun(store, run, { emptying: true });
  // The record of the job goes last: without it, the others would be nobody's.
  await store.delete(JOB_KEY);
  for await (const _ of store.list("")) return;
  await store.deleteAll("");
}

/** Names in the folder of an array and in that of its chunks, of versions 3 and 2. */
const ARRAY_NAMES = /^(zarr\.json|c\/|\.zarray|\.zattrs|\d[\d.]*\/?)$/;
const CHUNK_NAMES = /^\d+\/?$/;

/**
 * Refuses to remove arrays in whose folders others have put something.
 *
 * @throws {ClearstackError} `conflict` naming it
 */
export async function refuseForeignKeys(store: Store, arrays: readonly string[]): Promise<void> {
  const folders = arrays.flatMap((array) => [[`${array}/`, ARRAY_NAMES], [`${array}/c/`, CHUNK_NAMES]] as const);
  for (const [folder, own] of folders) {
    for await (const name of store.listNames(folder)) {
      if (own.test(name)) continue;
      throw new ClearstackError(
        "conflict",
        `${store.url} holds ${folder}${name}, which is no part of the output and would be removed with it; move it away`,
        { path: "output.url", value: store.url },
      );
    }
  }
}

/**
 * Refuses to write one version of Zarr beside groups of another: no reader would find both.
 *
 * @throws {ClearstackError} `conflict`
 */
export async function refuseMixedVersions(
  store: Store,
  { version, arrays }: { readonly version: OmeVersion; readonly arrays: readonly string[] },
): Promise<void> {
  const root = await readRoot(store);
  const zarr = version === "0.5" ? 3 : 2;
  if (root === undefined || root.version === zarr) return;
  const others = await othersNames(store, arrays);
  if (others.length === 0 && Object.keys(othersAttributes(root)).length === 0) return;
  const what = others.length > 0 ? others.map((name) => name.replace(/\/$/, "")).join(", ") : "attributes of others";
  throw new ClearstackError(
    "conflict",
    `${store.url} also holds ${what}, stored as Zarr v${root.version}, and OME-Zarr ${version} is Zarr v${zarr}: choose ` +
      `another output, or the version that is there`,
  );
}

/** Our attributes of the root, joined by those that others keep there. */
export async function joinedAttributes(
  store: Store,
  ours: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const { ome, ...others } = othersAttributes(await readRoot(store));
  const joined = { ...others, ...ours };
  return ome === undefined ? joined : { ...joined, ome: { ...asRecord(ome), ...asRecord(ours.ome) } };
}

/** The root of an output; undefined also where its metadata are damaged: they are written anew when it is finished. */
export async function readRoot(store: Store): Promise<ZarrNode | undefined> {
  return await readZarrNode(store, "").catch((error) => {
    if (!isClearstackError(error, "corrupt-data")) throw error;
    return undefined;
  });
}

/** Removes the root of an output that is continued if it cannot be read: nobody could find its arrays. */
export async function removeDamagedRoot(store: Store): Promise<void> {
  if (await readRoot(store) !== undefined) return;
  for (const key of ROOT_DOCUMENTS) await store.delete(key);
}

/** Attributes of the root that are not ours. */
function othersAttributes(root: ZarrNode | undefined): Record<string, unknown> {
  const { ome, ...attributes } = root?.attributes ?? {};
  const without = (record: Record<string, unknown>, own: readonly string[]) =>
    Object.fromEntries(Object.entries(record).filter(([name]) => !own.includes(name)));
  const othersOme = without(asRecord(ome), OWN_OME_ATTRIBUTES);
  return { ...without(attributes, OWN_ATTRIBUTES), ...(Object.keys(othersOme).length > 0 ? { ome: othersOme } : {}) };
}

/** Entries at the root beside our arrays and records. */
async function othersNames(store: Store, arrays: readonly string[]): Promise<string[]> {
  const own = new Set([RECORDS, ...ROOT_DOCUMENTS, ...arrays.map((array) => `${array}/`)]);
  return (await Array.fromAsync(store.listNames(""))).filter((name) => !own.has(name)).sort();
}

/** The root as a group without an image; what others keep below it stays within reach. */
async function putBareRoot(store: Store, root: ZarrNode, attributes: Record<string, unknown>): Promise<void> {
  if (root.version === 3) {
    await store.put("zarr.json", encodeJson({ zarr_format: 3, node_type: "group", attributes }));
    return;
  }
  await store.put(".zattrs", encodeJson(attributes));
  // It lists arrays that are about to go.
  await store.delete(".zmetadata");
}
