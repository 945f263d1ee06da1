/** The PSFs of a job: which one belongs to which channel, and what planning needs to know of them. */
import pLimit from "p-limit";
import { channelCount, channelLabel } from "shared/volume/channels.ts";
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { ChannelPsf, JobPsf, PsfInfo } from "shared/contract/psf_info.ts";
import type { TaskPsf } from "shared/contract/location.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { Warning } from "shared/contract/problem.ts";
import { ClearstackError } from "shared/errors.ts";
import { mapAxes, voxelCount } from "shared/volume/geometry.ts";
import { hashHex } from "shared/image/output/hash.ts";
import { channelList } from "shared/image/read/select_volumes.ts";
import { chooseFit, type PsfUse } from "shared/psf/choose_fit.ts";
import type { OpenPsf } from "shared/psf/load_psf.ts";
import { computedNote } from "shared/psf/generate/computed_psf.ts";
import { assertPsfSize } from "shared/psf/psf_size.ts";
import { spacingOf } from "shared/psf/spacing.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import { schemeOf } from "shared/storage/url.ts";
import { placeInVolume } from "shared/volume/spatial.ts";
import { fitNotes, spacingWarnings } from "./fit_notes.ts";
import { judgePsfApart } from "./judge_psf_apart.ts";
import { saidOnce } from "./say_once.ts";

/** PSF of a job as planning needs it. */
interface LoadedJobPsf {
  readonly info: JobPsf;
  /** True if all are centro-symmetric. */
  readonly symmetric: boolean;
  /** What was done to them, and what is wrong with them. */
  readonly warnings: readonly Warning[];
}

/** How PSFs are read. */
interface LoadOptions extends RequestOptions {
  /** Memory to stay within. @default {Infinity} */
  readonly hostBytes?: number;
}

/** PSFs of so many voxels and more are read one after the other in a process, so that no two take its memory and its time. */
const MIN_LONE_VOXELS = 2 ** 22;

const alone = pLimit(1);

/** The image that the PSFs are for. */
interface PsfImage {
  /** As it is stored. */
  readonly stored: ImageInfo;
  /** Part of it that is deconvolved. */
  readonly selected: ImageInfo;
}

/**
 * Reads every PSF of a job, one after the other, so that no more than one is in memory.
 *
 * @param opened the PSFs of the request, in their order
 * @throws {ClearstackError} `invalid-request` if they do not go with the channels; what reading a PSF throws
 */
export async function loadJobPsf(
  request: JobRequest,
  opened: readonly OpenPsf[],
  image: PsfImage,
  options: LoadOptions = {},
): Promise<LoadedJobPsf> {
  const places = placesOf(opened, image);
  const { algorithm: { boundary }, psfPlane, psfSpacing } = request;
  const { selected } = image;
  const use = { shape: placeInVolume(selected).whole, spacing: spacingOf(selected), boundary, psfPlane, psfSpacing };
  const ofMemory = schemeOf(selected.url) === "memory";
  const loaded = new Map<string, LoadedPsf & { readonly labels: string[] }>();
  const infos: ChannelPsf[] = [];
  for (const [channel, place] of (places ?? [{ entry: 0 }]).entries()) {
    const { location } = opened[place.entry]!;
    const ofPsf = place.channel ?? channelOf(location);
    const key = JSON.stringify([location, ofPsf]);
    const one = loaded.get(key) ??
      { ...await loadOne(opened[place.entry]!, ofPsf, { ...use, ofMemory }, options), labels: [] };
    loaded.set(key, one);
    if (places !== undefined) one.labels.push(channelLabel(selected, channel));
    infos.push({ ...one.info, ...place });
  }
  const all = [...loaded.values()];
  return {
    info: places === undefined ? all[0]!.info : await joined(infos),
    symmetric: all.every(({ symmetric }) => symmetric),
    warnings: [...computedNotes(opened), ...saidOnce(all)],
  };
}

/** One PSF of a job. */
interface LoadedPsf extends Omit<LoadedJobPsf, "info"> {
  readonly info: PsfInfo;
}

async function loadOne(
  opened: OpenPsf,
  channel: number | string | undefined,
  use: PsfUse & { readonly ofMemory: boolean },
  { hostBytes = Infinity, ...options }: LoadOptions,
) {
  const { shape, location } = opened;
  const where = opened.channels > 1 ? `${opened.where}, channel ${channel}` : opened.where;
  const form = { where, shape, spacing: spacingOf(opened.info) };
  const fit = chooseFit(form, use);
  assertPsfSize({ where, info: opened.info, shape, fit }, use, hostBytes);
  const judge = async () => {
    const given = "optics" in location ? location : { stored: await opened.read(channel, options) };
    return await judgePsfApart({ ...given, fit, use: { shape: use.shape, boundary: use.boundary } }, options.signal);
  };
  const { info: fitted, symmetric, faults } = await (voxelCount(shape) < MIN_LONE_VOXELS ? judge() : alone(judge));
  const computed = "optics" in location ? location : {};
  const info = {
    ...fitted,
    ...computed,
    ...(opened.opticsFrom === undefined ? {} : { opticsFrom: opened.opticsFrom }),
  };
  const warnings = [
    ...fitNotes(form, info, use),
    ...spacingWarnings(form, use, use.ofMemory && schemeOf(opened.info.url) === "memory"),
    ...faults.map((fault) => ({ ...fault, message: `${where}: ${fault.message}` })),
  ];
  return { info, symmetric, warnings };
}

function channelOf(location: TaskPsf): number | string | undefined {
  return "optics" in location ? undefined : location.channel;
}

/** One note for all PSFs that are computed, which differ in their wavelengths alone. */
function computedNotes(opened: readonly OpenPsf[]): Warning[] {
  const optics = opened.flatMap(({ location }) => "optics" in location ? [location.optics] : []);
  const from = opened[0]?.opticsFrom;
  return from === undefined ? [] : [{ code: "psf-computed", level: "note", message: computedNote(optics, from) }];
}

type Place = Pick<ChannelPsf, "entry" | "channel">;

/** PSF of each channel; undefined if one serves all. */
function placesOf(
  opened: readonly OpenPsf[],
  { stored, selected }: PsfImage,
): Place[] | undefined {
  const count = channelCount(selected);
  if (opened.length > 1) {
    if (opened.length === count) return opened.map((_, entry) => ({ entry }));
    throw new ClearstackError(
      "invalid-request",
      `${opened.length} PSFs are named for ${count} ${count === 1 ? "channel" : "channels"} (` +
        `${channelList(selected)}): name one for all of them, or one for each in this order`,
    );
  }
  const [{ channels, location }] = opened as [OpenPsf];
  if (channels === 1 || channelOf(location) !== undefined) return undefined;
  const ofStored = channels === channelCount(stored);
  if (!ofStored && channels !== count) {
    throw new ClearstackError(
      "invalid-request",
      `the PSF has ${channels} channels, the image ${channelCount(stored)} (${channelList(stored)}): ` +
        `give a PSF of as many channels or of one, or choose one with --psf-channel`,
    );
  }
  return Array.from({ length: count }, (_, channel) => ({
    entry: 0,
    channel: ofStored ? selected.selection?.channels?.[channel] ?? channel : channel,
  }));
}

/** Facts that hold for all channels. PSFs that are all the same count as one, since they give the same result. */
async function joined(channels: ChannelPsf[]): Promise<JobPsf> {
  const hashes = channels.map(({ sha256 }) => sha256);
  const same = hashes.every((hash) => hash === hashes[0]);
  return {
    shape: mapAxes((axis) => Math.max(...channels.map(({ shape }) => shape[axis]))),
    radius: mapAxes((axis) => Math.max(...channels.map(({ radius }) => radius[axis]))),
    sha256: same ? hashes[0]! : await hashHex(new TextEncoder().encode(hashes.join())),
    channels,
  };
}
