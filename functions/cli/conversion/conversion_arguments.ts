/** From the arguments of `convert` to what they ask for, and back. */
import type { Location } from "shared/contract/location.ts";
import { assertOutputName, zarrSettingFault } from "shared/image/output_form.ts";
import type { OmeVersion } from "shared/contract/stored_array.ts";
import { OmeVersionSchema } from "shared/contract/stored_array.ts";
import { ClearstackError } from "shared/errors.ts";
import { fullUnitName } from "shared/image/axes.ts";
import type { ConversionRequest } from "./conversion_record.ts";
import { finiteNumber, oneOf, refuseValue } from "../flags/argument_values.ts";
import type { ValueFlag } from "../flags/job_flag.ts";
import { JOB_FLAGS } from "../flags/job_flags.ts";
import type { Flag, ParsedArguments } from "../flags/parse_arguments.ts";
import { sourceLocation } from "../flags/source_location.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";

/** Units of length of OME-Zarr that anybody has given a microscope image in. */
const UNITS = ["angstrom", "nanometer", "micrometer", "millimeter", "centimeter", "meter"];

const SCALE_FORM = "the size of a voxel, Z,Y,X such as 0.3,0.1,0.1 (Y,X for a 2-D image)";
const UNIT_FORM = `the unit of --scale: one of ${UNITS.join(", ")}, or a short form such as um`;

const SHARDS = JOB_FLAGS.shards as ValueFlag;
const { help } = JOB_FLAGS["no-pyramid"]!;
const NO_PYRAMID = { help };

/** Flags of `convert`. */
export const CONVERSION_FLAGS: Readonly<Record<string, Flag & { readonly help: string; readonly example?: string }>> = {
  "path": JOB_FLAGS.path!,
  "axes": JOB_FLAGS.axes!,
  "pages": JOB_FLAGS.pages!,
  "series": JOB_FLAGS.series!,
  "allow-empty": JOB_FLAGS["allow-empty"]!,
  "scale": {
    example: "Z,Y,X",
    help: "voxel size, where SOURCE does not state it or states a wrong one (Y,X for a 2-D image)",
    form: SCALE_FORM,
  },
  "unit": { example: "micrometer", help: "unit of --scale; by default that of SOURCE", form: UNIT_FORM },
  "ome-version": JOB_FLAGS["ome-version"]!,
  "shards": SHARDS,
  "no-pyramid": NO_PYRAMID,
  "memory": JOB_FLAGS.memory!,
  "verify": { help: JOB_FLAGS.verify!.help },
  "resume": { help: "continue an unfinished OUTPUT, or accept a finished one, of the same SOURCE" },
  "overwrite": { help: "replace an earlier output of Clearstack" },
};

/**
 * Reads the metadata of the source only if a pair must be told from a triple.
 *
 * @throws {ClearstackError} `invalid-request` naming flag, value and form
 */
export async function conversionRequest(
  parsed: ParsedArguments,
  access: StoreAccess,
): Promise<ConversionRequest> {
  const [source, url] = parsed.positionals as [string, string];
  if (url === "") throw new ClearstackError("invalid-request", `"" names no file: expected a path or a URL`);
  assertOutputName(url);
  if (parsed.has("resume") && parsed.has("overwrite")) {
    throw new ClearstackError("invalid-request", "--resume and --overwrite exclude each other: give one of them");
  }
  const location = sourceLocation(parsed, source);
  const ifExists = parsed.has("resume") ? "resume" : parsed.has("overwrite") ? "overwrite" : "fail";
  const zarr = { version: versionOf(parsed), shards: await shardsOf(parsed, location, access) };
  const settingFault = zarrSettingFault({ url, ...zarr });
  if (settingFault !== undefined) throw new ClearstackError("invalid-request", settingFault.message);
  return {
    source: location,
    output: {
      url,
      ifExists,
      ...zarr,
      pyramid: parsed.has("no-pyramid") ? "none" : "auto",
      ...(parsed.has("verify") ? { verify: true } : {}),
    },
    ...scaleOf(parsed),
  };
}

/** The arguments that stand for a request; the inverse of {@link conversionRequest}. */
export function conversionArguments({ source, output, scale, unit }: ConversionRequest): string[] {
  const flag = (name: string, text: string | undefined) => text === undefined ? [] : [`--${name}=${text}`];
  const flags = [
    ...flag("path", source.path),
    ...flag("axes", source.axes),
    ...flag("pages", source.pages),
    ...flag("series", source.series),
    ...(source.allowEmpty ? ["--allow-empty"] : []),
    ...flag("scale", scale?.join(",")),
    ...flag("unit", unit),
    ...flag("ome-version", output.version),
    ...flag("shards", output.shards === "auto" ? undefined : output.shards.toString()),
    ...(output.pyramid === "none" ? ["--no-pyramid"] : []),
    ...(output.verify ? ["--verify"] : []),
    ...(output.ifExists === "fail" ? [] : [`--${output.ifExists}`]),
  ];
  return [...flags, "--", source.url, output.url];
}

function versionOf(parsed: ParsedArguments): OmeVersion {
  const text = parsed.value("ome-version");
  return text === undefined ? "0.5" : oneOf("ome-version", text, OmeVersionSchema.options);
}

async function shardsOf(
  parsed: ParsedArguments,
  source: Location,
  access: StoreAccess,
): Promise<ConversionRequest["output"]["shards"]> {
  const text = parsed.value("shards");
  if (text === undefined) return "auto";
  const sourceHasZ = async () => {
    const { openImage } = await import("shared/image/open_image.ts");
    return (await openImage(source, access)).info.axes.some(({ name }) => name === "z");
  };
  const { form, read } = SHARDS;
  return await read(text, { flag: "shards", form, texts: [text], sourceHasZ }) as ConversionRequest["output"]["shards"];
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
