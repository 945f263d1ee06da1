/**
 * The flags of a job, in one table that both reads command lines and writes them. Flags of plain settings come from the contract;
 * the others, which stand for several fields, are here. A test says so if a setting of the request has no flag.
 */
import { AlgorithmSettings } from "shared/contract/algorithm.ts";
import { JobRequestSchema, OutputSchema, TilingSchema } from "shared/contract/job_request.ts";
import { LocationSchema } from "shared/contract/location.ts";
import { OpticsSchema } from "shared/contract/psf_info.ts";
import { axesOf } from "./argument_values.ts";
import type { JobFlag } from "./job_flag.ts";
import { PSF_FLAGS } from "./psf_columns.ts";
import { SELECT_FLAGS } from "./select_flags.ts";
import { settingFlags } from "./setting_flags.ts";

/** Flags of a job, in the order in which they are written. */
export const JOB_FLAGS: Readonly<Record<string, JobFlag>> = {
  ...PSF_FLAGS,
  ...settingFlags(OpticsSchema.shape, "psf.optics."),
  "path": {
    at: "source.path",
    example: "P",
    help: "array inside SOURCE, where SOURCE is a group; number of an image, where it is an OME-TIFF of several",
    form: "the path of an array inside SOURCE, such as 0",
    read: (text) => text,
  },
  "axes": {
    at: "source.axes",
    example: "zyx",
    help: "axes of a SOURCE that does not state them, in the order tczyx",
    form: "the axes of SOURCE in the order tczyx, such as zyx",
    read: (text, { flag, form }) => axesOf(flag, text, form),
  },
  ...settingFlags(LocationSchema.shape, "source."),
  ...SELECT_FLAGS,
  ...settingFlags(TilingSchema.shape, "tiling."),
  ...settingFlags(AlgorithmSettings.shape, "algorithm."),
  ...settingFlags(JobRequestSchema.shape, ""),
  ...settingFlags(OutputSchema.shape, "output."),
  "no-pyramid": {
    at: "output.pyramid",
    means: "none",
    help: "write full resolution only, without the coarser levels that viewers open first",
  },
  "resume": {
    at: "output.ifExists",
    means: "resume",
    help: "continue an unfinished OUTPUT, or accept a finished one, of the same plan",
  },
  "overwrite": { at: "output.ifExists", means: "overwrite", help: "replace an earlier output of Clearstack" },
};
