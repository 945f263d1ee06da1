/** The image that SOURCE, `--path` and `--axes` name. */
import type { Location } from "shared/contract/location.ts";
import { ClearstackError } from "shared/errors.ts";
import { refuseValue } from "./argument_values.ts";
import { JOB_FLAGS } from "./job_flags.ts";
import type { ParsedArguments } from "./parse_arguments.ts";

/** @throws {ClearstackError} `invalid-request` */
export function sourceLocation(args: ParsedArguments, url: string): Location {
  if (url === "") throw new ClearstackError("invalid-request", `"" names no file: expected a path or a URL`);
  const path = args.value("path");
  const axes = args.value("axes");
  if (axes !== undefined && !/^t?c?z?yx$/.test(axes)) refuseValue("axes", axes, JOB_FLAGS.axes!.form!);
  return { url, ...(path === undefined ? {} : { path }), ...(axes === undefined ? {} : { axes }) };
}
