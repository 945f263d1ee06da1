/** Help for flags, made from their own descriptions. */
import type { JobFlag } from "./job_flag.ts";

/** Column at which the explanations begin. */
const INDENT = 25;
/** Terminals are at least so wide. */
const MAX_LINE = 80;

/** Lines that explain flags: `  --iterations 20        number of iterations`. */
export function flagHelp(
  flags: Readonly<Record<string, Pick<JobFlag, "help"> & { readonly example?: string }>>,
): string {
  return Object.entries(flags).map(([flag, { example, help }]) => {
    const stated = `  --${flag}${example === undefined ? "" : ` ${example}`} `.padEnd(INDENT);
    return wrapped(`${stated}${help}`);
  }).join("");
}

function wrapped(text: string): string {
  if (text.length <= MAX_LINE) return `${text}\n`;
  const end = text.lastIndexOf(" ", MAX_LINE);
  return `${text.slice(0, end)}\n${wrapped(`${" ".repeat(INDENT)}${text.slice(end + 1)}`)}`;
}
