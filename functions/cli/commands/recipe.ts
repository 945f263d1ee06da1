/** The recipe of an output, from its records, and whether it can be made again. */
import { readJobPsf } from "functions/library/read_job_psf.ts";
import type { ImageInfo } from "shared/contract/image_info.ts";
import { type JobRequest, JobRequestSchema } from "shared/contract/job_request.ts";
import type { Location } from "shared/contract/location.ts";
import { DecisionsSchema } from "shared/contract/decisions.ts";
import { isTiffOutput, unfinishedUrl } from "shared/image/output_form.ts";
import { type Plan, PlanSchema } from "shared/contract/plan.ts";
import { ClearstackError, isClearstackError, toClearstackError } from "shared/errors.ts";
import { decodeJson } from "shared/image/zarr/json.ts";
import { openImage } from "shared/image/open_image.ts";
import { DONE_KEY, JOB_KEY, PROVENANCE_KEY } from "shared/image/output/output_layout.ts";
import { readTiffRecord, requestOfTiff, type TiffRecord } from "shared/image/output/tiff/tiff_record.ts";
import { psfLocations } from "shared/psf/psf_locations.ts";
import { openReadable } from "shared/storage/open_store.ts";
import type { ReadableStore } from "shared/storage/store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { redactUrl } from "shared/storage/url.ts";
import { asRecord } from "shared/image/zarr/zarr_node.ts";
import { needsPilot } from "shared/plan/tile_algorithm.ts";
import { VERSION } from "shared/version.ts";
import { z } from "zod";
import { conversionArguments } from "../conversion/conversion_arguments.ts";
import { ConversionRecordSchema } from "../conversion/conversion_record.ts";
import { jobArguments } from "../flags/job_arguments.ts";

/** A way to make an output again. */
export interface Recipe {
  /** The command and its arguments. */
  readonly words: readonly string[];
  /** Reasons why the result may differ, one line each. */
  readonly warnings: readonly string[];
}

const KindRecord = z.looseObject({
  kind: z.string().default("deconvolve"),
  version: z.string(),
  redacted: z.array(z.string()).default([]),
});
const PilotRecord = z.looseObject({ decisions: DecisionsSchema });
const JobRecord = z.looseObject({ request: JobRequestSchema, plan: PlanSchema, pilot: PilotRecord.optional() });
const DoneRecord = z.looseObject({ result: z.looseObject({ backend: z.enum(["webgpu", "cpu"]) }) });
const ProvenanceRecord = z.looseObject({
  tiles: z.looseObject({ inPieces: z.number(), adapters: z.record(z.string(), z.number()) }),
});

/**
 * Reads how the output at `url` was made, and whether its source and PSF are still what they were.
 *
 * @param again where the command is to write
 * @throws {ClearstackError} `not-found` if it is no output of ours, `unsupported` if this version cannot repeat it
 */
export async function readRecipe(url: string, again: string, access: StoreAccess): Promise<Recipe> {
  const store = openReadable(canonical(url), { environment: access.environment });
  const { job: record, done, provenance: origin } = await readRecords(url, store, access);
  const kind = KindRecord.safeParse(record).data;
  if (kind === undefined) throw await noRecord(url, access);
  const warnings = [
    ...(kind.version === VERSION ? [] : [`it was made by Clearstack ${kind.version}, and this is ${VERSION}`]),
    ...(done === undefined ? ["it is not finished: the command makes what it was to become"] : []),
    ...kind.redacted.map((place) => `the URL of the ${place} had a user, a password or a query, which are not kept`),
  ];
  if (kind.kind === "convert") return await conversionRecipe(record, { again, warnings, where: store.url }, access);
  const job = JobRecord.safeParse(record).data;
  if (job === undefined) throw unknown(store.url, kind.version);
  const { plan, request } = job;
  const backend = DoneRecord.safeParse(done).data?.result.backend ?? request.backend;
  const repeated = decidedRequest({ ...request, backend }, { ...plan, ...job.pilot }, again);
  const provenance = ProvenanceRecord.safeParse(origin).data;
  return {
    words: ["deconvolve", ...jobArguments(repeated)],
    warnings: [...warnings, ...tileWarnings(provenance), ...await changes(request, plan, access)],
  };
}

/** The records of an output, from where its form keeps them. */
async function readRecords(
  url: string,
  store: ReadableStore,
  access: StoreAccess,
): Promise<Record<keyof TiffRecord, unknown>> {
  if (isTiffOutput(url)) return await readTiffRecord(url, access) ?? await unfinishedTiffRecord(url, access);
  const read = async (key: string) => decodeJson(await store.get(key));
  return { job: await read(JOB_KEY), done: await read(DONE_KEY), provenance: await read(PROVENANCE_KEY) };
}

/** The record of a TIFF that is not made yet, from the Zarr that it will be made of. */
async function unfinishedTiffRecord(
  url: string,
  { environment }: StoreAccess,
): Promise<Record<keyof TiffRecord, unknown>> {
  const record = decodeJson(await openReadable(unfinishedUrl(url), { environment }).get(JOB_KEY));
  const job = record === undefined ? undefined : asRecord(record);
  return { job: job && { ...job, request: requestOfTiff(url, job.request) }, done: undefined, provenance: undefined };
}

/** The error for something that is no output of ours, or not there. */
async function noRecord(url: string, access: StoreAccess): Promise<ClearstackError> {
  try {
    await openImage({ url }, access);
  } catch (error) {
    if (isClearstackError(error, "not-found")) return error;
  }
  return new ClearstackError(
    "not-found",
    `${
      redactUrl(url)
    } does not say how it was made: reproduce needs an output of clearstack deconvolve or convert, which keeps ` +
      `the record of its job in ${isTiffOutput(url) ? "a tag of the TIFF" : "its folder .clearstack"}`,
  );
}

function canonical(url: string): string {
  return url.replace(/(?<=.)\/+$/, "");
}

function unknown(where: string, version: string): ClearstackError {
  return new ClearstackError(
    "unsupported",
    `${where} was made by Clearstack ${version}, whose record this version (${VERSION}) cannot read; use that version`,
  );
}

/**
 * The request with what was decided for it: tile and halo, the range of integers, and the number of iterations where that leaves nothing else to a pilot
 * that would not run. Everything else that a pilot decides comes out of the same sample again.
 */
function decidedRequest(request: JobRequest, plan: Plan, url: string): JobRequest {
  const { memoryBytes: _, ...rest } = request;
  const { range } = plan.decisions ?? {};
  const { stopTolerance: __, ...algorithm } = request.algorithm;
  // A request has one number for all channels; where each has its own, their noise is found again as it was.
  const fixed = plan.decisions?.channels?.some((channel) => channel.iterations !== undefined) ? algorithm : {
    ...algorithm,
    stop: "fixed" as const,
    iterations: plan.decisions?.iterations ?? algorithm.iterations,
  };
  return {
    ...rest,
    // A pilot also finds the scale of the image, which decides the last bits: it must run again where it ran.
    algorithm: plan.decisions !== undefined && needsPilot(fixed) ? fixed : request.algorithm,
    tiling: { tile: plan.tile, halo: plan.halo },
    output: { ...request.output, ...(range === undefined ? {} : { range }), url, ifExists: "fail" },
  };
}

function tileWarnings(provenance: z.infer<typeof ProvenanceRecord> | undefined): string[] {
  if (provenance === undefined) return [];
  const { inPieces, adapters } = provenance.tiles;
  const devices = Object.keys(adapters);
  return [
    ...(inPieces > 0
      ? [
        `${inPieces} of its tiles were computed in pieces for lack of device memory, and may come out a little different`,
      ]
      : []),
    ...(devices.some((device) => device.startsWith("webgpu"))
      ? [`it was computed on ${devices.join(", ")}: another GPU may round otherwise`]
      : []),
  ];
}

/** Inputs that have changed since the output was made. */
async function changes(request: JobRequest, plan: Plan, access: StoreAccess): Promise<string[]> {
  const found: string[] = [];
  const stored = await openAgain("source", request.source, { ...access, found });
  if (stored === undefined) return found;
  if (stored.identity !== plan.source.identity) found.push(changed("source", request.source.url));
  try {
    const { sha256 } = await readJobPsf(request, stored, access);
    if (sha256 !== plan.psf.sha256) {
      found.push(changed("PSF", psfLocations(request).map(({ url }) => url).join(", ")));
    }
  } catch (error) {
    found.push(`the PSF cannot be read: ${toClearstackError(error).message}`);
  }
  return found;
}

async function openAgain(
  role: string,
  location: Location,
  { found, ...access }: StoreAccess & { readonly found: string[] },
): Promise<ImageInfo | undefined> {
  try {
    return (await openImage(location, access)).info;
  } catch (error) {
    found.push(`the ${role} cannot be read: ${toClearstackError(error).message}`);
    return undefined;
  }
}

function changed(role: string, url: string): string {
  return `the ${role} ${url} has changed since`;
}

async function conversionRecipe(
  record: unknown,
  { again, warnings, where }: { readonly again: string; readonly warnings: readonly string[]; readonly where: string },
  access: StoreAccess,
): Promise<Recipe> {
  const job = ConversionRecordSchema.safeParse(record).data;
  if (job === undefined) throw unknown(where, String((record as { version?: unknown }).version));
  const { request, source } = job;
  const found: string[] = [];
  const stored = await openAgain("source", request.source, { ...access, found });
  if (stored !== undefined && stored.identity !== source.identity) found.push(changed("source", request.source.url));
  const repeated = { ...request, output: { ...request.output, url: again, ifExists: "fail" as const } };
  return { words: ["convert", ...conversionArguments(repeated)], warnings: [...warnings, ...found] };
}
