/** Settings of a request by the names of the arguments that state them. */
import type { ClearstackError } from "shared/errors.ts";
import { JOB_FLAGS } from "./job_flags.ts";

/** What the positional arguments state. */
export const POSITIONALS: Readonly<Record<string, string>> = { "source.url": "SOURCE", "output.url": "OUTPUT" };

/**
 * The message of an error, which leads with the argument that was typed where it led with a place in a request: `OUTPUT` for
 * `output.url`, `--iterations` for `algorithm.iterations`.
 */
export function messageInArguments({ message, path }: Pick<ClearstackError, "message" | "path">): string {
  if (path === undefined || !message.startsWith(`${path}: `)) return message;
  return `${argumentOf(path) ?? path}${message.slice(path.length)}`;
}

function argumentOf(path: string): string | undefined {
  if (Object.hasOwn(POSITIONALS, path)) return POSITIONALS[path];
  // Of a list of PSFs, each is a `--psf`.
  const setting = path.replace(/^psf\.\d+(?=\.|$)/, "psf");
  const states = ({ at }: { readonly at: string }) => setting === at || setting.startsWith(`${at}.`);
  const flag = setting === "psf" ? "psf" : Object.entries(JOB_FLAGS).find(([, entry]) => states(entry))?.[0];
  return flag === undefined ? undefined : `--${flag}`;
}
