/**
 * TIFFs as outputs. One is computed as a Zarr beside it, which can be continued after a crash, and written from that once all voxels are
 * there: a TIFF that can be seen is whole.
 */
import { z } from "zod";
import type { JobRequest } from "shared/contract/job_request.ts";
import { ClearstackError } from "shared/errors.ts";
import { openStore } from "shared/storage/open_store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { redactUrl, splitObject } from "shared/storage/url.ts";
import { openImage } from "../../open_image.ts";
import { intensityOf } from "../../read_intensity.ts";
import type { ShownChannel } from "../../tiff/write/described_image.ts";
import { planeBytes } from "../../tiff/write/plane_bytes.ts";
import { type TiffForm, tiffForm, tiffLayout } from "../../tiff/write_tiff.ts";
import { asRecord, readZarrNode } from "../../zarr/zarr_node.ts";
import { OtherOutputError } from "../claim_output.ts";
import { assertRun, readJob } from "../job_record.ts";
import type { Output } from "../ome_output.ts";
import { LEVEL_0 } from "../output_layout.ts";
import { type Claimant, refuseOthersOutput } from "../output_owner.ts";
import { removeOutput } from "../output_place.ts";
import { type OutputInput, refuseOverlap } from "../refuse_overlap.ts";
import { readTiffRecord, type TiffRecord, tiffRecord } from "./tiff_record.ts";

/** Voxels that are held while a TIFF is written: most of them, and the part of a job's memory, bytes. */
const MAX_BUDGET_BYTES = 2 ** 28;
const MEMORY_PART = 8;

/** A TIFF to write. */
interface TiffWish extends StoreAccess {
  /** Of everything that decides the result. */
  readonly planHash: string;
  readonly ifExists: JobRequest["output"]["ifExists"];
  /** Place of the Zarr. */
  readonly computedUrl: string;
  readonly inputs: readonly OutputInput[];
  /** @default {somebody who may do anything} */
  readonly claimant?: Claimant | undefined;
}

/**
 * Finds a TIFF that an earlier run of the same work has finished, or makes room: one of ours is removed where that is asked for.
 *
 * @returns the record of the finished one
 * @throws {ClearstackError} `conflict` if something is there that may not be accepted or replaced, `forbidden` for somebody else's
 */
export async function claimTiff(url: string, wish: TiffWish): Promise<TiffRecord | undefined> {
  const { planHash, ifExists, environment } = wish;
  await refuseOverlap(openStore(url, { environment }), wish.inputs, environment);
  const { base, key } = splitObject(url);
  const folder = openStore(base, { environment });
  const conflict = (what: string) =>
    new ClearstackError("conflict", `${redactUrl(url)} ${what}`, { path: "output.url", value: redactUrl(url) });
  for await (const _ of openStore(url, { environment }).listNames("")) {
    throw conflict("is a folder; remove it yourself or choose another output");
  }
  const replaces = ifExists === "overwrite";
  if (await folder.head(key) === undefined) {
    // One that has died while it was writing is begun anew.
    if (replaces) await folder.deletePartials?.(key);
    return undefined;
  }
  const record = await readTiffRecord(url, wish);
  if (record === undefined) {
    throw conflict("already exists and was not written by Clearstack; remove it yourself or choose another output");
  }
  await refuseOthersOutput({ url: redactUrl(url) }, record.job, { ...wish.claimant, replaces });
  if (replaces) {
    await folder.delete(key);
    await folder.deletePartials?.(key);
    return undefined;
  }
  if (record.job.planHash !== planHash) throw new OtherOutputError(redactUrl(url), "already exists");
  const computed = openStore(wish.computedUrl, { environment });
  // The last step of the run that wrote it: what is left of it is done here.
  const isLeft = (await readJob(computed)).job?.run === record.job.run;
  if (!isLeft && (await computed.list("")[Symbol.asyncIterator]().next()).done) await computed.deleteAll("");
  if (ifExists === "fail" && !isLeft) {
    throw conflict("is already complete; accept it with --resume or replace it with --overwrite");
  }
  if (isLeft) await removeOutput(computed, record.job.run);
  return record;
}

/** A finished TIFF as the output of a job that accepts it. */
export function acceptedTiff(url: string, { job: { run }, done: { result } }: TiffRecord): Output {
  const never = () => Promise.reject(new ClearstackError("internal", `${redactUrl(url)} is complete`));
  if (result === undefined) {
    throw new ClearstackError(
      "conflict",
      `${redactUrl(url)} does not say how it was made; replace it with --overwrite or choose another`,
      { path: "output.url", value: redactUrl(url) },
    );
  }
  return {
    ...{ url: result.output, run, earlierResult: result, tilesDone: new Set<number>(), resumed: true, verify: false },
    ...{
      decide: never,
      finish: never,
      recordedTiles: never,
      discard: () => Promise.resolve(),
      markSuspect: () => Promise.resolve(),
    },
    isLost: () => Promise.resolve(true),
  };
}

/** A TIFF and the finished Zarr that it is made of. */
interface TiffOutput extends StoreAccess {
  readonly computedUrl: string;
  /** Run that the Zarr belongs to. */
  readonly run: string;
  /** Of the image, where the Zarr's own is not to be kept. */
  readonly name?: string | undefined;
  /** Memory of the job. */
  readonly memoryBytes: number;
}

/**
 * Writes the TIFF, then removes the Zarr.
 *
 * @returns the kind of TIFF
 * @throws {ClearstackError} `conflict` if another run has taken the place of the Zarr; what reading and writing throw
 */
export async function writeTiffOutput(url: string, output: TiffOutput): Promise<TiffForm> {
  const { computedUrl, run, name, memoryBytes, environment, signal } = output;
  const { base, key } = splitObject(url);
  const computed = openStore(computedUrl, { environment });
  const image = await openImage({ url: computedUrl, path: LEVEL_0, allowEmpty: true }, { environment, signal });
  const root = await readZarrNode(computed, "", { signal });
  const intensity = intensityOf(root?.attributes.clearstack);
  const info = { ...image.info, intensity };
  const form = tiffForm(info, key);
  const record = await tiffRecord(url, { computed, attributes: root?.attributes ?? {} });
  const channels = shownChannels(info, root?.attributes ?? {});
  const layout = tiffLayout({ info, channels, name: name ?? info.name ?? key, record }, form);
  const order = form.kind === "imagej" ? ["t", "z", "c"] as const : ["t", "c", "z"] as const;
  const budgetBytes = Math.min(MAX_BUDGET_BYTES, memoryBytes / MEMORY_PART);
  async function* pieces() {
    yield layout.head;
    yield* planeBytes(image, { order, budgetBytes, signal });
    // What was read may be another run's by now.
    await assertRun(computed, run);
    yield* layout.directories();
  }
  await openStore(base, { environment }).putPieces(key, pieces(), { totalBytes: layout.totalBytes, signal });
  await removeOutput(computed, run);
  return form;
}

const Windows = z.looseObject({
  channels: z.array(z.looseObject({ window: z.looseObject({ start: z.number(), end: z.number() }) })),
});

/** Channels with the windows that viewers of the Zarr would show. The only channel of an image needs no name but the image's. */
function shownChannels(
  info: Awaited<ReturnType<typeof openImage>>["info"],
  attributes: Record<string, unknown>,
): ShownChannel[] {
  const windows = Windows.safeParse(asRecord(attributes.ome).omero ?? attributes.omero).data?.channels;
  return (info.channels ?? []).map(({ name, ...channel }, index, { length }) => {
    const window = windows?.[index]?.window;
    return {
      ...channel,
      ...(length === 1 && name === info.name ? {} : { name }),
      ...(window === undefined ? {} : { window: [window.start, window.end] as const }),
    };
  });
}
