/** `clearstack deconvolve`: one job, from arguments to a finished output. */
import type { JobResult } from "shared/contract/job_status.ts";
import type { SeamCertificate } from "shared/contract/seam.ts";
import { counted } from "shared/counted.ts";
import { formatBytes } from "shared/plan/host_memory.ts";
import { type Io, worldOf } from "../io.ts";
import { eachSeries } from "../flags/each_series.ts";
import { jobRequest, PSF_USAGE } from "../flags/job_arguments.ts";
import { JOB_FLAGS } from "../flags/job_flags.ts";
import { parseArguments } from "../flags/parse_arguments.ts";
import { intensityText } from "./intensity_text.ts";
import { howToOpen } from "./how_to_open.ts";
import { runShown } from "./run_shown.ts";

const FORM = {
  usage: `deconvolve SOURCE OUTPUT ${PSF_USAGE}`,
  positionals: ["SOURCE", "OUTPUT"],
  flags: { ...JOB_FLAGS, "json": {}, "quiet": {} },
};

export async function deconvolveCommand(args: readonly string[], io: Io): Promise<number> {
  const parsed = parseArguments(args, FORM);
  const [source, output] = parsed.positionals as [string, string];
  const request = await jobRequest(parsed, [source, output], io);
  const { runLocalJob } = await import("functions/library/run_local.ts");
  const describe = (result: JobResult) => describeResult(result) + howToOpen(result.output, request.output.version);
  const shown = { quiet: parsed.has("quiet"), json: parsed.has("json"), describe };
  for (const one of await eachSeries(request, io)) {
    await runShown(io, shown, (given) => runLocalJob(one, worldOf(io), given));
  }
  return 0;
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
    (seam ? `  seams: ${describeSeam(seam)}\n` : "");
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
