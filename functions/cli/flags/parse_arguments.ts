/** Strict parsing of command lines: what is not known, missing or given twice is refused, and the message names it. */
import { ClearstackError } from "shared/errors.ts";

/** One flag. Without `form` it is a switch; with it, it takes a value. */
export interface Flag {
  /** What the value must look like, for messages: "a whole number of at least 1". */
  readonly form?: string;
  readonly repeatable?: boolean;
}

/** What a command takes. */
interface ArgumentForm {
  /** For messages: "deconvolve SOURCE OUTPUT --psf PSF". */
  readonly usage: string;
  readonly flags: Readonly<Record<string, Flag>>;
  /** Names of the positional arguments; the last `optional` ones may be left out. */
  readonly positionals: readonly string[];
  readonly optional?: number;
}

/** A command line taken apart. */
export interface ParsedArguments {
  readonly positionals: readonly string[];
  /** The value of a flag, if it was given. */
  readonly value: (flag: string) => string | undefined;
  /** All values of a repeatable flag. */
  readonly values: (flag: string) => readonly string[];
  readonly has: (flag: string) => boolean;
}

/**
 * Takes a command line apart. Values follow their flag, as `--flag value` or `--flag=value`; all that follows a bare `--` is
 * positional.
 *
 * @throws {ClearstackError} `invalid-request`, one line
 */
export function parseArguments(args: readonly string[], form: ArgumentForm): ParsedArguments {
  const positionals: string[] = [];
  const given = new Map<string, string[]>();
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--") {
      positionals.push(...args.slice(i + 1));
      break;
    }
    const [, name, , attached] = /^--([^=]*)(=(.*))?$/s.exec(args[i]!) ?? [];
    if (name === undefined) {
      if (args[i]!.startsWith("-")) throw unknownFlag(args[i]!, form);
      positionals.push(args[i]!);
      continue;
    }
    const flag = Object.hasOwn(form.flags, name) ? form.flags[name]! : undefined;
    if (!flag) throw unknownFlag(`--${name}`, form);
    const values = given.get(name) ?? [];
    if (values.length > 0 && !flag.repeatable) throw refuse(`--${name} is given twice`);
    values.push(flag.form === undefined ? switchValue(name, attached) : attached ?? valueAfter(args, i++, name, flag));
    given.set(name, values);
  }
  checkPositionals(positionals, form);
  return {
    positionals,
    value: (flag) => given.get(flag)?.[0],
    values: (flag) => given.get(flag) ?? [],
    has: (flag) => given.has(flag),
  };
}

function switchValue(name: string, attached: string | undefined): string {
  if (attached !== undefined) throw refuse(`--${name} "${attached}": --${name} takes no value`);
  return "";
}

/** A value may start with one dash, as negative numbers do, but not look like the next flag. */
function valueAfter(args: readonly string[], position: number, name: string, { form }: Flag): string {
  const value = args[position + 1];
  if (value === undefined || value.startsWith("--")) throw refuse(`--${name} lacks its value: expected ${form}`);
  return value;
}

function checkPositionals(positionals: readonly string[], form: ArgumentForm): void {
  const least = form.positionals.length - (form.optional ?? 0);
  if (positionals.length < least) {
    throw refuse(`${form.positionals[positionals.length]} is missing: expected ${form.usage}`);
  }
  if (positionals.length > form.positionals.length) {
    throw refuse(`"${positionals[form.positionals.length]}" is one argument too many: expected ${form.usage}`);
  }
}

function unknownFlag(flag: string, { flags }: ArgumentForm): ClearstackError {
  const known = Object.keys(flags).map((name) => `--${name}`).join(" ");
  return refuse(`${flag} is not known: expected ${known === "" ? "no flags" : `one of ${known}`}`);
}

function refuse(message: string): ClearstackError {
  return new ClearstackError("invalid-request", message);
}
