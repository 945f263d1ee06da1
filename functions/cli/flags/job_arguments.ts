/** From the arguments of `deconvolve` and `plan` to the request they stand for, and back. */
import { defaultsBeside } from "shared/contract/algorithm.ts";
import { JobControlSchema, type JobRequest, JobRequestSchema } from "shared/contract/job_request.ts";
import { OpticsSchema } from "shared/contract/psf_info.ts";
import { settingsOf } from "shared/contract/setting.ts";
import { ClearstackError } from "shared/errors.ts";
import { invalidRequest } from "shared/invalid_request.ts";
import { POSITIONALS } from "./argument_names.ts";
import { refuseValue } from "./argument_values.ts";
import type { JobFlag, ValueFlag } from "./job_flag.ts";
import { JOB_FLAGS } from "./job_flags.ts";
import type { ParsedArguments } from "./parse_arguments.ts";
import { PSF_FLAGS, type PsfColumns, psfColumns, psfOfColumns } from "./psf_columns.ts";
import { leafPaths, settingAt, withSetting } from "./request_settings.ts";
import { sourceLocation } from "./source_location.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";

const FLAGS: readonly (readonly [string, JobFlag])[] = Object.entries(JOB_FLAGS);

/** Flags of what a PSF is computed from. */
const OPTICS_FLAGS = settingsOf(OpticsSchema.shape).map(({ flag }) => flag);

/** How a job is told its PSF: stored ones, or what one is computed from where the image does not state it. */
export const PSF_USAGE = "(--psf PSF | --na NA --index N --emission NM)";

/**
 * Builds the request from parsed arguments; reads the metadata of the source only if a pair must be told from a triple. Defaults
 * are the contract's alone.
 *
 * @throws {ClearstackError} `invalid-request` naming flag, value and form
 */
export async function jobRequest(
  args: ParsedArguments,
  [source, output]: readonly [source: string, output: string],
  access: StoreAccess,
): Promise<JobRequest> {
  const optics = OPTICS_FLAGS.find((flag) => args.has(flag));
  if (!args.has("psf") && optics === undefined) {
    throw new ClearstackError(
      "invalid-request",
      `--psf is missing: expected ${JOB_FLAGS.psf!.form}, or what one is computed from: --${
        OPTICS_FLAGS.slice(0, 3).join(", --")
      } (--depth 0 alone where the image states these)`,
    );
  }
  const stored = Object.keys(PSF_FLAGS).find((flag) => args.has(flag));
  if (optics !== undefined && stored !== undefined) throw exclusive(stored, optics);
  for (const url of [source, output]) {
    if (url === "") throw new ClearstackError("invalid-request", `"" names no file: expected a path or a URL`);
  }
  let input: Record<string, unknown> = { source: { url: source }, output: { url: output } };
  const statedBy = new Map<string, string>();
  const sourceHasZ = async () => {
    const { openImage } = await import("shared/image/open_image.ts");
    const { info } = await openImage(sourceLocation(args, source), access);
    return info.axes.some(({ name }) => name === "z");
  };
  for (const [flag, entry] of FLAGS) {
    if (!args.has(flag)) continue;
    const other = statedBy.get(entry.at);
    if (other !== undefined) throw exclusive(other, flag);
    statedBy.set(entry.at, flag);
    input = withSetting(input, entry.at, await readFlag(flag, entry, args, sourceHasZ));
  }
  return parseRequest({ ...input, psf: optics === undefined ? psfOfColumns(input.psf as PsfColumns) : input.psf });
}

function exclusive(one: string, other: string): ClearstackError {
  return new ClearstackError("invalid-request", `--${one} and --${other} exclude each other: give one of them`);
}

/** What no single flag can tell, such as settings that exclude each other, is left to the contract. */
function parseRequest(input: unknown): JobRequest {
  const { success, data, error } = JobRequestSchema.safeParse(input);
  if (success) return data;
  throw invalidRequest(error.issues.slice(0, 1), input);
}

async function readFlag(flag: string, entry: JobFlag, args: ParsedArguments, sourceHasZ: () => Promise<boolean>) {
  if (entry.form === undefined) return entry.means;
  const texts = args.values(flag);
  const { beside, form } = entry;
  const value = await entry.read(texts[0]!, { flag, form, texts, sourceHasZ });
  if (beside !== undefined && args.value(beside.flag) !== beside.value) {
    refuseValue(flag, texts[0]!, `--${beside.flag} ${beside.value} beside it`);
  }
  return value;
}

/** What of a request says how soon, and who is told: nothing that a command line has to repeat. */
const LEFT_OUT = Object.keys(JobControlSchema.shape);

/**
 * The arguments of `deconvolve` that stand for a request: what differs from the defaults, and nothing else. What does not touch
 * the result, see job_control.ts, is left out.
 *
 * @returns SOURCE, OUTPUT, then flags, not quoted for a shell
 * @throws {ClearstackError} `internal` for a setting that no flag states
 */
export function jobArguments(request: JobRequest): string[] {
  const { source, psf, output } = request;
  const parsed = JobRequestSchema.parse({
    source: { url: source.url },
    psf: { url: "any" },
    output: { url: output.url },
  });
  const defaults = {
    ...parsed,
    algorithm: { ...parsed.algorithm, ...defaultsBeside(request.algorithm) },
    psf: {},
  };
  const settings = { ...request, psf: "optics" in psf ? psf : psfColumns(psf) };
  const differs = (at: string) => JSON.stringify(settingAt(settings, at)) !== JSON.stringify(settingAt(defaults, at));
  const forgotten = leafPaths(settings).find((path) =>
    differs(path) && !Object.hasOwn(POSITIONALS, path) && !LEFT_OUT.includes(path.split(".")[0]!) &&
    !FLAGS.some(([, { at }]) => path === at || path.startsWith(`${at}.`))
  );
  if (forgotten !== undefined) throw new ClearstackError("internal", `no flag states ${forgotten}`);
  const flags = FLAGS.flatMap(([flag, entry]) => {
    const value = settingAt(settings, entry.at);
    if (value === undefined || !differs(entry.at)) return [];
    if (entry.form === undefined) return value === entry.means ? [`--${flag}`] : [];
    if (entry.beside !== undefined && settingAt(request, entry.beside.at) !== entry.beside.value) return [];
    return textsOf(entry, value).flatMap((text) => flagWords(flag, text));
  });
  const places = [source.url, output.url];
  return places.some((url) => url.startsWith("-")) ? [...flags, "--", ...places] : [...places, ...flags];
}

function textsOf({ write }: ValueFlag, value: unknown): readonly string[] {
  return write === undefined ? [String(value)] : write(value);
}

/** A value that might be taken for a flag, or for nothing, is attached. */
function flagWords(flag: string, text: string): string[] {
  return text === "" || text.startsWith("--") ? [`--${flag}=${text}`] : [`--${flag}`, text];
}
