/** `clearstack convert`: stores any image that can be read as an OME-Zarr of the same voxels. */
import { parseBytes } from "shared/config.ts";
import { fullUnitName } from "shared/image/axes.ts";
import type { ConversionRequest, ConversionResult } from "shared/image/convert_image.ts";
import { ClearstackError } from "shared/errors.ts";
import { formatBytes } from "shared/memory.ts";
import type { OmeVersion } from "shared/contract/stored_array.ts";
import { finiteNumber, refuseValue } from "./argument_values.ts";
import { times } from "./info_facts.ts";
import type { Io } from "./io.ts";
import { JOB_FLAGS } from "./job_flags.ts";
import type { ValueFlag } from "./job_flag.ts";
import { parseArguments, type ParsedArguments } from "./parse_arguments.ts";
import { ProgressDisplay } from "./progress_display.ts";
import { sourceLocation } from "./source_location.ts";

/** Units of length of OME-Zarr that anybody has given a microscope image in. */
const UNITS = ["angstrom", "nanometer", "micrometer", "millimeter", "centimeter", "meter"];

const SCALE_FORM = "the size of a voxel, Z,Y,X such as 0.3,0.1,0.1 (Y,X for a 2-D image)";
const UNIT_FORM = `the unit of --scale: one of ${UNITS.join(", ")}, or a short form such as um`;

const FORM = {
  usage: "convert SOURCE OUTPUT",
  positionals: ["SOURCE", "OUTPUT"],
  flags: {
    "path": JOB_FLAGS.path!,
    "axes": JOB_FLAGS.axes!,
    "scale": { form: SCALE_FORM },
    "unit": { form: UNIT_FORM },
    "ome-version": JOB_FLAGS["ome-version"]!,
    "memory": JOB_FLAGS.memory!,
    "resume": {},
    "overwrite": {},
    "json": {},
    "quiet": {},
  },
};

/** Runs the command. */
export async function convertCommand(args: readonly string[], io: Io): Promise<number> {
  const parsed = parseArguments(args, FORM);
  const request = await conversionRequest(parsed);
  const memory = parsed.value("memory");
  const memoryBytes = memory === undefined ? io.config().hostBytes : parseBytes("--memory", memory);
  const { convertImage } = await import("shared/image/convert_image.ts");
  const stop = new AbortController();
  const release = io.onInterrupt(() => stop.abort());
  const display = parsed.has("quiet") ? undefined : new ProgressDisplay(io, { pieces: "blocks" });
  try {
    const result = await convertImage(request, {
      memoryBytes,
      signal: stop.signal,
      onProgress: (progress) => display?.update(progress),
    });
    display?.end();
    io.out(parsed.has("json") ? `${JSON.stringify(result)}\n` : describeResult(result));
    return 0;
  } finally {
    display?.end();
    release();
  }
}

async function conversionRequest(parsed: ParsedArguments): Promise<ConversionRequest> {
  const [source, url] = parsed.positionals as [string, string];
  if (url === "") throw new ClearstackError("invalid-request", `"" names no file: expected a path or a URL`);
  if (parsed.has("resume") && parsed.has("overwrite")) {
    throw new ClearstackError("invalid-request", "--resume and --overwrite exclude each other: give one of them");
  }
  const ifExists = parsed.has("resume") ? "resume" : parsed.has("overwrite") ? "overwrite" : "fail";
  return {
    source: sourceLocation(parsed, source),
    output: { url, ifExists, version: await versionOf(parsed) },
    ...scaleOf(parsed),
  };
}

async function versionOf(parsed: ParsedArguments): Promise<OmeVersion> {
  const text = parsed.value("ome-version");
  if (text === undefined) return "0.5";
  const { read, form } = JOB_FLAGS["ome-version"] as ValueFlag;
  const sourceHasZ = () => Promise.resolve(true);
  return await read(text, { flag: "ome-version", form, texts: [text], sourceHasZ }) as OmeVersion;
}

function scaleOf(parsed: ParsedArguments): Pick<ConversionRequest, "scale" | "unit"> {
  const [text, unitText] = [parsed.value("scale"), parsed.value("unit")];
  if (text === undefined) {
    if (unitText !== undefined) refuseValue("unit", unitText, "--scale beside it");
    return {};
  }
  const scale = text.split(",").map((part) => finiteNumber("scale", part, SCALE_FORM));
  if (scale.length < 2 || scale.length > 3 || !scale.every((side) => side > 0)) refuseValue("scale", text, SCALE_FORM);
  if (unitText === undefined) return { scale };
  const unit = fullUnitName(unitText);
  return unit !== undefined && UNITS.includes(unit) ? { scale, unit } : refuseValue("unit", unitText, UNIT_FORM);
}

/** The result in words. */
function describeResult(result: ConversionResult): string {
  const { output, shape, dtype, blocks, blocksWritten, seconds, bytesRead, bytesWritten } = result;
  const reused = blocks - blocksWritten;
  return `${output}\n` +
    `  ${times(shape)} ${dtype} in ${blocks} blocks${reused > 0 ? ` (${reused} from an earlier run)` : ""}\n` +
    `  ${seconds.toFixed(2)} s, read ${formatBytes(bytesRead)}, wrote ${formatBytes(bytesWritten)}\n`;
}
