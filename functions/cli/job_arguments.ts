/** The arguments that say what to deconvolve and how; `deconvolve` and `plan` take the same. */
import { BYTES_FORM, parseBytes } from "shared/config.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { Location } from "shared/contract/location.ts";
import { BackendSchema } from "shared/contract/backend.ts";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { ClearstackError } from "shared/errors.ts";
import { MAX_SIDE } from "shared/fast_size.ts";
import type { Vec3 } from "shared/geometry.ts";
import { ALGORITHM_FLAGS, algorithmFrom } from "./algorithm_arguments.ts";
import type { Triple } from "./argument_values.ts";
import { oneOf, refuseValue, triple, wholeNumber } from "./argument_values.ts";
import type { Flag, ParsedArguments } from "./parse_arguments.ts";

const MOST_VOXELS = 1_000_000;

const TILE_FORM = `auto, or Z,Y,X: three whole numbers of at least 1, such as 32,64,64 (Y,X for a 2-D image)`;
const HALO_FORM = `auto, or Z,Y,X: three whole numbers from 0 to ${MAX_SIDE}, such as 8,16,16 (Y,X for a 2-D image)`;
const AXES_FORM = "the axes of SOURCE in the order tczyx, such as zyx";

const MOST_SEAM_PLACES = 64;
const SEAM_CHECK_FORM = `auto, or a whole number of places from 0 to ${MOST_SEAM_PLACES}`;

/** Flags of a job. */
export const JOB_FLAGS = {
  "psf": { form: "a path or URL of a PSF, Zarr or TIFF" },
  "tile": { form: TILE_FORM },
  "halo": { form: HALO_FORM },
  ...ALGORITHM_FLAGS,
  "backend": { form: `one of ${BackendSchema.options.join(", ")}` },
  "memory": { form: BYTES_FORM },
  "seam-check": { form: SEAM_CHECK_FORM },
  "path": { form: "the path of an array inside SOURCE, such as 0" },
  "psf-path": { form: "the path of an array inside the PSF" },
  "axes": { form: AXES_FORM },
  "resume": {},
  "overwrite": {},
} satisfies Record<string, Flag>;

/**
 * Builds the request from parsed arguments; reads the metadata of the source only if a pair must be told from a triple.
 *
 * @throws {ClearstackError} `invalid-request` naming flag, value and form
 */
export async function jobRequest(args: ParsedArguments, source: string, output: string): Promise<JobRequest> {
  const psf = args.value("psf");
  if (psf === undefined) {
    throw new ClearstackError("invalid-request", `--psf is missing: expected ${JOB_FLAGS.psf.form}`);
  }
  const sourceLocation = location(source, args.value("path"), args.value("axes"));
  const memory = args.value("memory");
  return JobRequestSchema.parse({
    source: sourceLocation,
    psf: location(psf, args.value("psf-path")),
    output: { url: output, ifExists: ifExists(args) },
    algorithm: algorithmFrom(args),
    tiling: {
      tile: await sides("tile", TILE_FORM, [1, MOST_VOXELS], args, sourceLocation),
      halo: await sides("halo", HALO_FORM, [0, MAX_SIDE], args, sourceLocation),
    },
    ...optional("backend", args.value("backend"), (text) => oneOf("backend", text, BackendSchema.options)),
    ...optional(
      "seamCheck",
      args.value("seam-check"),
      (text) => text === "auto" ? text : wholeNumber("seam-check", text, SEAM_CHECK_FORM, [0, MOST_SEAM_PLACES]),
    ),
    ...(memory === undefined ? {} : { memoryBytes: parseBytes("--memory", memory) }),
  });
}

/** The property, if there is text to make it from; defaults are the contract's alone. */
function optional<K extends string, V>(key: K, text: string | undefined, parse: (text: string) => V) {
  return (text === undefined ? {} : { [key]: parse(text) }) as { [P in K]?: V };
}

function location(url: string, path?: string, axes?: string): Location {
  if (url === "") throw new ClearstackError("invalid-request", `"" names no file: expected a path or a URL`);
  if (axes !== undefined && !/^t?c?z?yx$/.test(axes)) refuseValue("axes", axes, AXES_FORM);
  return { url, ...(path === undefined ? {} : { path }), ...(axes === undefined ? {} : { axes }) };
}

function ifExists(args: ParsedArguments): JobRequest["output"]["ifExists"] {
  if (args.has("resume") && args.has("overwrite")) {
    throw new ClearstackError("invalid-request", "--resume and --overwrite exclude each other: give one of them");
  }
  return args.has("resume") ? "resume" : args.has("overwrite") ? "overwrite" : "fail";
}

async function sides(
  flag: "tile" | "halo",
  form: string,
  range: readonly [number, number],
  args: ParsedArguments,
  source: Location,
): Promise<Vec3 | "auto"> {
  const text = args.value(flag);
  if (text === undefined || text === "auto") return "auto";
  const numbers: Triple = triple(flag, text, form, range);
  if (numbers.length === 3) return numbers;
  const { openImage } = await import("shared/image/open_image.ts");
  const { info } = await openImage(source);
  if (info.axes.some(({ name }) => name === "z")) refuseValue(flag, text, form);
  return [range[0], ...numbers];
}
