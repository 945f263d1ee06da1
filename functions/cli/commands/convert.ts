/** `clearstack convert`: stores any image that can be read as an OME-Zarr of the same voxels, with coarser levels. */
import { parseBytes } from "shared/config.ts";
import { counted } from "shared/counted.ts";
import { formatBytes } from "shared/plan/host_memory.ts";
import { CONVERSION_FLAGS, conversionRequest } from "../conversion/conversion_arguments.ts";
import type { ConversionResult } from "../conversion/convert_image.ts";
import { times } from "./info_facts.ts";
import { howToOpen } from "./how_to_open.ts";
import type { Io } from "../io.ts";
import { eachSeries } from "shared/image/each_series.ts";
import { parseArguments } from "../flags/parse_arguments.ts";
import { noteNewFolders } from "../note_new_folders.ts";
import { runShown } from "./run_shown.ts";

const FORM = {
  usage: "convert SOURCE OUTPUT",
  positionals: ["SOURCE", "OUTPUT"],
  flags: {
    ...CONVERSION_FLAGS,
    "json": {},
    "quiet": {},
  },
};

export async function convertCommand(args: readonly string[], io: Io): Promise<number> {
  const parsed = parseArguments(args, FORM);
  const request = await conversionRequest(parsed, io);
  if (!parsed.has("quiet")) await noteNewFolders(request.output.url, io);
  const memory = parsed.value("memory");
  const memoryBytes = memory === undefined ? io.config().hostBytes : parseBytes("--memory", memory);
  const { convertImage } = await import("../conversion/convert_image.ts");
  const { createLevelEngine } = await import("functions/library/level_engine.ts");
  const { environment } = io;
  const shown = { quiet: parsed.has("quiet"), json: parsed.has("json"), piece: "block", describe: describeResult };
  for (const one of await eachSeries(request, io)) {
    await runShown(
      io,
      shown,
      (given) => convertImage(one, { memoryBytes, environment, engine: createLevelEngine(environment), ...given }),
    );
  }
  return 0;
}

function describeResult(result: ConversionResult): string {
  const { output, shape, axes, dtype } = result;
  const { blocks, blocksWritten, seconds, bytesRead, bytesWritten } = result;
  const reused = blocks - blocksWritten;
  return `${output}\n` +
    `  ${times(shape)} (${[...axes].join(" ")}) ${dtype} in ${counted(blocks, "block")}` +
    `${reused > 0 ? ` (${reused} from an earlier run)` : ""}` +
    describeStored(result) +
    `  ${seconds.toFixed(2)} s, read ${formatBytes(bytesRead)}, wrote ${formatBytes(bytesWritten)}\n` +
    howToOpen(output, "tiff" in result ? "0.5" : result.omeVersion);
}

function describeStored(result: ConversionResult): string {
  if ("tiff" in result) {
    const { kind, bigTiff } = result.tiff;
    return `\n  ${kind === "ome" ? "OME-TIFF" : "ImageJ hyperstack"}${bigTiff ? " (BigTIFF)" : ""}\n`;
  }
  const { omeVersion, chunk, shard, levels } = result;
  const sides = (triple: readonly number[]) => times(result.axes.includes("z") ? triple : triple.slice(1));
  return `${levels > 1 ? `, ${levels} levels` : ""}\n` +
    `  OME-Zarr ${omeVersion}, chunks of ${sides(chunk)}` +
    `${shard === undefined ? "" : ` in shards of ${sides(shard)}`}\n`;
}
