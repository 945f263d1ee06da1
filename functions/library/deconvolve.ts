/** Deconvolution for programs: from arrays or places to arrays or places, in this process. */
import type { JobProgress } from "functions/orchestrate/run/job_run.ts";
import { readConfig } from "shared/config.ts";
import { isTiffOutput } from "shared/image/output_form.ts";
import type { Warning } from "shared/contract/problem.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { JobResult } from "shared/contract/job_status.ts";
import type { Location } from "shared/contract/location.ts";
import { ClearstackError } from "shared/errors.ts";
import { eachSeries } from "shared/image/each_series.ts";
import { openImage } from "shared/image/open_image.ts";
import { LEVEL_0, PROVENANCE_KEY } from "shared/image/output/output_layout.ts";
import { readBox } from "shared/image/read/read_box.ts";
import { decodeJson } from "shared/image/zarr/json.ts";
import { freeMemoryBytes } from "shared/process/free_memory.ts";
import { openStore } from "shared/storage/open_store.ts";
import type { StoreAccess, StoreEnvironment } from "shared/storage/store_environment.ts";
import { positionAt } from "shared/volume/position.ts";
import { spatialShape } from "shared/volume/spatial.ts";
import { volumeCount, volumeGrid } from "shared/volume/volumes.ts";
import { voxelCount } from "shared/volume/geometry.ts";
import { holdRequest, type ImageSource, type JobPsfSource, type JobSettings, type LocalJob } from "./local_request.ts";
import type { LocalWorld } from "./local_process.ts";
import { runLocalJob } from "./run_local.ts";
import { PROCESS_ENVIRONMENT } from "./process_environment.ts";

/** How a job is run. */
export interface RunOptions {
  /**
   * Settings and credentials of object stores. Others than those of this process have the job computed in it.
   *
   * @default {the variables of this process}
   */
  readonly environment?: StoreEnvironment | undefined;
  /** Cancels: what runs is stopped and waited for, and the promise rejects with kind `cancelled`. */
  readonly signal?: AbortSignal | undefined;
  /** Takes every event of the job. */
  readonly onProgress?: ((progress: JobProgress) => void) | undefined;
}

/** Settings of {@link deconvolve}: those of a job request, by their own names. */
export interface DeconvolveOptions extends JobSettings, RunOptions {
  readonly output?: LocalJob["output"];
}

/** What a job came to. */
interface Finished {
  /** What the plan says of the inputs: how they were adapted, and what is probably wrong with them. */
  readonly warnings: readonly Warning[];
  /** Where the result came from: the record that outputs carry. */
  readonly provenance: Readonly<Record<string, unknown>>;
}

/** A result that was stored. */
export interface StoredResult extends Finished, Omit<JobResult, keyof Finished> {}

/** A result in memory. */
export interface ArrayResult extends Finished {
  /** The estimate, row-major, in the units of the source; the caller owns it. */
  readonly data: Float32Array;
  /** Length of each axis; that of the source, or of what was selected of it. */
  readonly shape: readonly number[];
  readonly dtype: "float32";
  /** Name of each axis, such as zyx. */
  readonly axes: string;
}

/**
 * Deconvolves an image by Richardson-Lucy iterations: the same plan, tiles and voxels as `clearstack deconvolve` and a job over
 * HTTP. Everything that the job starts has ended when the promise settles.
 *
 * @param source a path or a URL, or an array
 * @param psf the point spread function, in the same forms, a list of one for each channel, or the optics they are computed from
 * @param options `output` is where to write an OME-Zarr; without it the result comes back as an array
 * @throws {ClearstackError} what is wrong with the input, or what stopped the job
 *
 * @example An array in memory
 * ```ts
 * import { deconvolve } from "@clearstack/clearstack";
 *
 * const data = new Uint16Array(8 * 32 * 32).fill(100);
 * const psf = { data: new Float32Array([0.25, 0.5, 0.25]), shape: [1, 1, 3], axes: "zyx" };
 * const result = await deconvolve({ data, shape: [8, 32, 32], axes: "zyx" }, psf, {
 *   algorithm: { iterations: 5 },
 *   backend: "cpu",
 * });
 * console.log(result.shape, result.dtype); // [ 8, 32, 32 ] float32
 * ```
 */
export function deconvolve(
  source: ImageSource,
  psf: JobPsfSource,
  options: DeconvolveOptions & { readonly output: NonNullable<LocalJob["output"]> },
): Promise<StoredResult>;
export function deconvolve(
  source: ImageSource,
  psf: JobPsfSource,
  options?: DeconvolveOptions & { readonly output?: undefined },
): Promise<ArrayResult>;
export async function deconvolve(
  source: ImageSource,
  psf: JobPsfSource,
  { environment = PROCESS_ENVIRONMENT, signal, onProgress, ...settings }: DeconvolveOptions = {},
): Promise<StoredResult | ArrayResult> {
  refuseAborted(signal);
  const { request, release } = await holdRequest({ ...settings, source, psf });
  try {
    if (request.source.series !== undefined) {
      throw new ClearstackError("invalid-request", "deconvolveSeries takes all images of a source: leave out series", {
        path: "source.series",
      });
    }
    const result = await runStored(request, { environment, signal, onProgress });
    if (settings.output !== undefined) return result;
    const { warnings, provenance } = result;
    return { ...await readResult(request.output.url, { environment, signal }), warnings, provenance };
  } finally {
    await release();
  }
}

/**
 * Deconvolves all images of a source that has several (a plate, a conversion of several series, an OME-TIFF of several images),
 * one after the other, each to an OME-Zarr of its own: `A/1/0` to `A_1_0.zarr` below the output.
 *
 * @param source a path or a URL; its `path` may name a part, such as a well
 * @param psf as for {@link deconvolve}
 * @param options `output` is the folder
 * @returns what each came to, in the order of the source
 * @throws {ClearstackError} what is wrong with the input, or what stopped a job; images before it are finished, and with
 * `ifExists: "resume"` the same call goes on
 *
 * @example
 * ```ts
 * import { ClearstackError, deconvolveSeries } from "@clearstack/clearstack";
 *
 * try {
 *   await deconvolveSeries("memory:no-plate", "memory:psf", { output: "memory:sharp" });
 * } catch (error) {
 *   console.log((error as ClearstackError).kind); // not-found
 * }
 * ```
 */
export async function deconvolveSeries(
  source: string | Location,
  psf: JobPsfSource,
  { environment = PROCESS_ENVIRONMENT, signal, onProgress, ...settings }: DeconvolveOptions & {
    readonly output: NonNullable<LocalJob["output"]>;
  },
): Promise<readonly StoredResult[]> {
  refuseAborted(signal);
  const all = { ...(typeof source === "string" ? { url: source } : source), series: "all" as const };
  const { request, release } = await holdRequest({ ...settings, source: all, psf });
  try {
    const results: StoredResult[] = [];
    for (const one of await eachSeries(request, { environment, signal })) {
      results.push(await runStored(one, { environment, signal, onProgress }));
    }
    return results;
  } finally {
    await release();
  }
}

function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new ClearstackError("cancelled", "the job was cancelled before it began");
}

/** Runs a job whose output is stored, if only in memory. */
async function runStored(
  request: JobRequest,
  { environment = PROCESS_ENVIRONMENT, signal, onProgress }: RunOptions,
): Promise<StoredResult> {
  const result = await runLocalJob(request, localWorld(environment), {
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const provenance = await readProvenance(request.output.url, { environment, signal });
  return { ...result, warnings: result.warnings ?? [], provenance };
}

/** The record of a finished output, from where its form keeps it. */
async function readProvenance(url: string, access: StoreAccess): Promise<Finished["provenance"]> {
  if (isTiffOutput(url)) {
    const { readTiffRecord } = await import("shared/image/output/tiff/tiff_record.ts");
    return (await readTiffRecord(url, access))!.provenance;
  }
  return decodeJson(await openStore(url, access).get(PROVENANCE_KEY)) as Finished["provenance"];
}

/** Memory that jobs may use where they do not say: what the command line uses where its environment says nothing. */
export function localWorld(environment: StoreEnvironment = PROCESS_ENVIRONMENT): LocalWorld {
  const config = readConfig({ env: () => undefined, freeBytes: freeMemoryBytes() });
  return { config, environment, aloneInWorld: environment !== PROCESS_ENVIRONMENT };
}

/** All volumes of an output, one after the other. */
async function readResult(url: string, access: StoreAccess): Promise<Omit<ArrayResult, keyof Finished>> {
  const image = await openImage({ url, path: LEVEL_0 }, access);
  const shape = spatialShape(image.info);
  const data = new Float32Array(volumeCount(image.info) * voxelCount(shape));
  for (let volume = 0; volume < volumeCount(image.info); volume++) {
    const outer = positionAt(volume, volumeGrid(image.info));
    const box = { start: [0, 0, 0] as const, shape };
    const { values } = await readBox(image, { outer, box, boundary: "constant", signal: access.signal });
    data.set(values, volume * voxelCount(shape));
  }
  return { data, shape: image.info.shape, dtype: "float32", axes: image.info.axes.map(({ name }) => name).join("") };
}
