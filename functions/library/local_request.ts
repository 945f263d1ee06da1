/** From what a program passes to `deconvolve` and `planJob` to a job request, and memory for the arrays in it. */
import type { JobRequest, JobRequestInput } from "shared/contract/job_request.ts";
import { JobControlSchema, JobRequestSchema } from "shared/contract/job_request.ts";
import type { Location, PsfLocation } from "shared/contract/location.ts";
import type { OpticsInput } from "shared/contract/psf_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { invalidRequest } from "shared/invalid_request.ts";
import { memoryStore } from "shared/storage/memory_store.ts";
import { type ArrayImage, checkArray, storeArray } from "./array_image.ts";

/** An image: a path or a URL, one with the array in it, or an array in memory. */
export type ImageSource = string | Location | ArrayImage;

/** A PSF, in the same forms. */
export type PsfSource = string | PsfLocation | ArrayImage;

/** PSFs that are computed, one for each channel, for the voxel size of the image. */
type ComputedPsfs = { readonly optics: OpticsInput };

/** The PSFs of a job: one for all channels, one for each, or what they are computed from. */
export type JobPsfSource = PsfSource | readonly PsfSource[] | ComputedPsfs;

/** The settings of a job request, by their own names. Those about when a job runs, and who is told, are for services. */
export type JobSettings = Omit<JobRequestInput, "source" | "psf" | "output" | keyof typeof JobControlSchema.shape>;

/** What a program asks for. */
export interface LocalJob extends JobSettings {
  readonly source: ImageSource;
  readonly psf: JobPsfSource;
  /** A path or a URL, or all settings of the output. @default {the result comes back as an array} */
  readonly output?: string | JobRequestInput["output"] | undefined;
}

/** A request that can be run, and the memory that its arrays take until it is released. */
interface HeldRequest {
  readonly request: JobRequest;
  /** Frees the memory, that of an output nobody named included. */
  release(): Promise<void>;
}

/** A request of every kind that a program can make: what the schema of requests would take but a program cannot mean is refused. */
const LocalRequestSchema = JobRequestSchema.omit({ priority: true, webhook: true });

/**
 * Checks a job and puts its arrays where it reads them.
 *
 * @param options with `sourceVoxels: false`, only the metadata of the source are kept: all that a plan reads
 * @throws {ClearstackError} `invalid-request` with the path and the value of what is wrong
 */
export async function holdRequest(job: LocalJob, { sourceVoxels = true } = {}): Promise<HeldRequest> {
  const { source, psf, output, ...settings } = job;
  refuseOwnPsf(source, psf);
  const memory = `memory:${crypto.randomUUID()}`;
  const arrays: [name: string, ReturnType<typeof checkArray>][] = [];
  const place = <Place>(name: string, given: string | Place | ArrayImage) => {
    if (typeof given === "string") return { url: given };
    if (!isArray(given)) return given;
    arrays.push([name, checkArray(name, given)]);
    // A plan reads no voxels, so the source has none then.
    const empty = name === "source" && !sourceVoxels ? { allowEmpty: true } : {};
    return { url: `${memory}/${name}`, path: "0", ...empty };
  };
  const request = parseRequest({
    ...settings,
    source: place("source", source),
    psf: Array.isArray(psf) ? psf.map((one, index) => place(`psf.${index}`, one)) : place("psf", psf as PsfSource),
    output: output === undefined
      ? { url: `${memory}/output`, pyramid: "none" }
      : typeof output === "string"
      ? { url: output }
      : output,
  });
  for (const [name, array] of arrays) {
    await storeArray(memoryStore(`${memory}/${name}`), array, { voxels: name !== "source" || sourceVoxels });
  }
  return { request, release: () => memoryStore(memory).deleteAll("") };
}

/** What planning compares by places, arrays in memory by themselves. */
function refuseOwnPsf(source: ImageSource, psf: JobPsfSource): void {
  const sameArray = (one: unknown) => isArray(source) && isArray(one) && one.data === source.data;
  if (![psf].flat().some(sameArray)) return;
  throw new ClearstackError(
    "invalid-request",
    "psf is the image itself: give the array of a PSF, or optics to have one computed; to try a PSF on itself, give a copy",
    { path: "psf" },
  );
}

function isArray(given: unknown): given is ArrayImage {
  return typeof given === "object" && given !== null && "data" in given;
}

function parseRequest(input: unknown): JobRequest {
  const { success, data, error } = LocalRequestSchema.safeParse(input);
  if (success) return JobRequestSchema.parse(data);
  throw invalidRequest(error.issues, input);
}
