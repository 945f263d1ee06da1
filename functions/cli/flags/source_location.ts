/** The image that SOURCE and the flags beside it name. */
import { type Location, LocationSchema } from "shared/contract/location.ts";
import { ClearstackError } from "shared/errors.ts";
import { axesOf, oneOf } from "./argument_values.ts";
import { JOB_FLAGS } from "./job_flags.ts";
import type { ParsedArguments } from "./parse_arguments.ts";

/** @throws {ClearstackError} `invalid-request` */
export function sourceLocation(args: ParsedArguments, url: string): Location {
  if (url === "") throw new ClearstackError("invalid-request", `"" names no file: expected a path or a URL`);
  const path = args.value("path");
  const axes = args.value("axes");
  const pages = args.value("pages");
  return {
    url,
    ...(path === undefined ? {} : { path }),
    ...(axes === undefined ? {} : { axes: axesOf("axes", axes, JOB_FLAGS.axes!.form!) }),
    ...(pages === undefined ? {} : { pages: oneOf("pages", pages, LocationSchema.shape.pages.unwrap().options) }),
    ...(args.has("series") ? { series: oneOf("series", args.value("series")!, ["all"] as const) } : {}),
    ...(args.has("allow-empty") ? { allowEmpty: true } : {}),
  };
}
