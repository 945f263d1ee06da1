/**
 * The flags of a job, in one table that both reads command lines and writes them: a setting of the request that has no line here
 * can be neither asked for nor repeated, and a test says so.
 */
import { BYTES_FORM, parseBytes } from "shared/config.ts";
import { BackendSchema } from "shared/contract/algorithm.ts";
import { OmeVersionSchema } from "shared/contract/stored_array.ts";
import { MAX_SIDE } from "shared/plan/fast_size.ts";
import { ALGORITHM_FLAGS } from "./algorithm_flags.ts";
import { oneOf, refuseValue, triple, wholeNumber } from "./argument_values.ts";
import type { JobFlag, ValueFlag } from "./job_flag.ts";
import { PSF_FLAGS } from "./psf_columns.ts";
import { SELECT_FLAGS } from "./select_flags.ts";

const MAX_VOXELS = 1_000_000;
const MAX_SEAM_PLACES = 64;

/** Flags of a job, in the order in which they are written. */
export const JOB_FLAGS: Readonly<Record<string, JobFlag>> = {
  ...PSF_FLAGS,
  "path": { at: "source.path", form: "the path of an array inside SOURCE, such as 0", read: (text) => text },
  "axes": {
    at: "source.axes",
    form: "the axes of SOURCE in the order tczyx, such as zyx",
    read: (text, { flag, form }) => /^t?c?z?yx$/.test(text) ? text : refuseValue(flag, text, form),
  },
  ...SELECT_FLAGS,
  "tile": sides("tiling.tile", "three whole numbers of at least 1, such as 32,64,64", [1, MAX_VOXELS]),
  "halo": sides("tiling.halo", `three whole numbers from 0 to ${MAX_SIDE}, such as 8,16,16`, [0, MAX_SIDE]),
  ...ALGORITHM_FLAGS,
  "backend": {
    at: "backend",
    form: `one of ${BackendSchema.options.join(", ")}`,
    read: (text, { flag }) => oneOf(flag, text, BackendSchema.options),
  },
  "memory": { at: "memoryBytes", form: BYTES_FORM, read: (text) => parseBytes("--memory", text) },
  "seam-check": {
    at: "seamCheck",
    form: `auto, or a whole number of places from 0 to ${MAX_SEAM_PLACES}`,
    read: (text, { flag, form }) => text === "auto" ? text : wholeNumber(flag, text, form, [0, MAX_SEAM_PLACES]),
  },
  "ome-version": {
    at: "output.version",
    form: `one of ${OmeVersionSchema.options.join(", ")}`,
    read: (text, { flag }) => oneOf(flag, text, OmeVersionSchema.options),
  },
  "shards": sides("output.shards", "three whole numbers of at least 1, such as 64,512,512", [1, MAX_VOXELS], "none"),
  "no-pyramid": { at: "output.pyramid", means: "none" },
  "resume": { at: "output.ifExists", means: "resume" },
  "overwrite": { at: "output.ifExists", means: "overwrite" },
};

/** Voxels along z, y, x, or a word such as auto; a pair stands for y and x of an image that has no z. */
function sides(at: string, numbers: string, range: readonly [number, number], ...words: readonly string[]): ValueFlag {
  return {
    at,
    form: `${["auto", ...words].join(", ")}, or Z,Y,X: ${numbers} (Y,X for a 2-D image)`,
    read: async (text, { flag, form, sourceHasZ }) => {
      if (text === "auto" || words.includes(text)) return text;
      const given = triple(flag, text, form, range);
      if (given.length === 3) return given;
      return await sourceHasZ() ? refuseValue(flag, text, form) : [range[0], ...given];
    },
  };
}
