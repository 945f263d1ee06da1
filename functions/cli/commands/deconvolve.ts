/** `clearstack deconvolve`: one job, from arguments to a finished output. */
import type { JobResult, Share, ShareResult } from "shared/contract/job_status.ts";
import type { EmptyCertificate, SeamCertificate } from "shared/contract/seam.ts";
import { counted } from "shared/counted.ts";
import { formatBytes } from "shared/plan/host_memory.ts";
import { type Io, worldOf } from "../io.ts";
import { refuseValue } from "../flags/argument_values.ts";
import { eachSeries } from "shared/image/each_series.ts";
import { jobRequest, PSF_USAGE } from "../flags/job_arguments.ts";
import { JOB_FLAGS } from "../flags/job_flags.ts";
import { parseArguments } from "../flags/parse_arguments.ts";
import { intensityText } from "./intensity_text.ts";
import { howToOpen } from "./how_to_open.ts";
import { noteNewFolders } from "../note_new_folders.ts";
import { runShown } from "./run_shown.ts";

const SHARE_FORM = "i/n: a task from 0 to n-1, a slash, and how many tasks there are, such as 0/8";

/** More tasks than any scheduler starts for one array. */
const MAX_SHARES = 1_000_000;

const FORM = {
  usage: `deconvolve SOURCE OUTPUT ${PSF_USAGE}`,
  positionals: ["SOURCE", "OUTPUT"],
  flags: { ...JOB_FLAGS, "array-task": { form: SHARE_FORM }, "json": {}, "quiet": {} },
};

export async function deconvolveCommand(args: readonly string[], io: Io): Promise<number> {
  const parsed = parseArguments(args, FORM);
  const [source, output] = parsed.positionals as [string, string];
  const request = await jobRequest(parsed, [source, output], io);
  const share = shareOf(parsed.value("array-task"));
  if (!parsed.has("quiet")) await noteNewFolders(output, io);
  const { runLocalJob, runLocalShare } = await import("functions/library/run_local.ts");
  const describe = (result: JobResult | ShareResult) =>
    "share" in result
      ? describeShare(result)
      : describeResult(result) + howToOpen(result.output, request.output.version);
  const shown = { quiet: parsed.has("quiet"), json: parsed.has("json"), describe };
  for (const one of await eachSeries(request, io)) {
    await runShown<JobResult | ShareResult>(
      io,
      shown,
      (given) =>
        share === undefined
          ? runLocalJob(one, worldOf(io), given)
          : runLocalShare(one, worldOf(io), { ...given, share }),
    );
  }
  return 0;
}

/** The share that a task of an array has. */
function shareOf(text: string | undefined): Share | undefined {
  if (text === undefined) return undefined;
  const [, first, second] = /^(\d{1,7})\/(\d{1,7})$/.exec(text) ?? [];
  const [index, of] = [Number(first), Number(second)];
  if (index < of && of <= MAX_SHARES) return { index, of };
  return refuseValue("array-task", text, SHARE_FORM);
}

function describeShare({ share: { index, of }, output, tiles, tilesComputed, tilesMissing }: ShareResult): string {
  return `${output}\n` +
    `  task ${index}/${of} is done: it computed ${counted(tilesComputed, "tile")}\n` +
    `  ${tilesMissing} of ${
      counted(tiles, "tile")
    } are still missing: the task that finds none missing finishes the output\n`;
}

function describeResult(result: JobResult): string {
  const { tiles, tilesComputed, voxels, iterations, seconds, kernelSeconds, backend, adapter, decisions, seam } =
    result;
  const reused = tiles - tilesComputed;
  return `${result.output}\n` +
    `  ${counted(voxels, "voxel")} in ${counted(tiles, "tile")}` +
    `${reused > 0 ? ` (${reused} from an earlier run)` : ""}, ` +
    `${counted(iterations, "iteration")}${decisions?.reason ? `: ${decisions.reason}` : ""}\n` +
    `  ${seconds.toFixed(2)} s, of which kernels ${kernelSeconds.toFixed(2)} s on ${backend} (${adapter})\n` +
    `  read ${formatBytes(result.bytesRead)}, wrote ${formatBytes(result.bytesWritten)}\n` +
    describeStored(result) +
    (seam ? `  seams: ${describeSeam(seam)}\n` : "") +
    (result.empty ? `  empty: ${describeEmpty(result.empty)}\n` : "");
}

/** What integers stand for, and how many voxels are not what they stand for. */
function describeStored({ intensity, clipping }: JobResult): string {
  if (intensity === undefined || clipping === undefined) return "";
  return `  values: ${intensityText(intensity)}, ${counted(clipping.below + clipping.above, "voxel")} clipped\n`;
}

/** The seam certificate in words. */
export function describeSeam({ largest, places }: SeamCertificate): string {
  const percent = `${Number((100 * largest).toPrecision(2))} %`;
  return `largest difference ${percent} of the peak at ${counted(places, "place")}`;
}

function describeEmpty({ tiles, below, missing, places, largest = 0 }: EmptyCertificate): string {
  const noise = below === undefined ? "" : `, ${below} of them with noise below the given value, which is lossy`;
  const unstored = missing === undefined ? "" : `, ${missing} of them without a stored chunk`;
  const checked = places === undefined
    ? ""
    : `; computed at ${counted(places, "place")} they differ by ${Number((100 * largest).toPrecision(2))} % at most`;
  return `${counted(tiles, "tile")} left as they are${unstored}${noise}${checked}`;
}
