/** Strict parsing of command lines: what is not known, missing or given twice is refused, and the message names it. */
import { parseArgs } from "node:util";
import { ClearstackError } from "shared/errors.ts";
import { expectedInstead } from "./did_you_mean.ts";

/** One flag. Without `form` it is a switch; with it, it takes a value. */
export interface Flag {
  /** What the value must look like, for messages: "a whole number of at least 1". */
  readonly form?: string;
  readonly repeatable?: boolean;
}

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
  const options = Object.fromEntries(
    Object.entries(form.flags).map(([name, flag]) => [name, { type: flag.form ? "string" : "boolean" } as const]),
  );
  // Node's own strictness refuses negative numbers, and does not say what a value must look like.
  const { tokens } = parseArgs({ args: [...args], options, allowPositionals: true, strict: false, tokens: true });
  const positionals: string[] = [];
  const given = new Map<string, string[]>();
  let areFlagsOver = false;
  for (const token of tokens) {
    const text = args[token.index]!;
    if (token.kind === "option-terminator") areFlagsOver = true;
    else if (token.kind === "positional") {
      if (text.startsWith("-") && !areFlagsOver) throw unknownFlag(text, form);
      positionals.push(text);
    } else {
      const { name, rawName } = token;
      const flag = rawName.startsWith("--") && Object.hasOwn(form.flags, name) ? form.flags[name] : undefined;
      if (!flag) throw unknownFlag(rawName.startsWith("--") ? rawName : text, form);
      const values = given.get(name) ?? [];
      if (values.length > 0 && !flag.repeatable) throw refuse(`--${name} is given twice`);
      given.set(name, [...values, valueOf(token, flag)]);
    }
  }
  checkPositionals(positionals, form);
  return {
    positionals,
    value: (flag) => given.get(flag)?.[0],
    values: (flag) => given.get(flag) ?? [],
    has: (flag) => given.has(flag),
  };
}

interface GivenFlag {
  readonly name: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

/** A value may start with one dash, as negative numbers do, but not look like the next flag. */
function valueOf({ name, value, inlineValue }: GivenFlag, { form }: Flag): string {
  if (form === undefined) {
    if (value !== undefined) throw refuse(`--${name} "${value}": --${name} takes no value`);
    return "";
  }
  if (value !== undefined && (inlineValue || !value.startsWith("--"))) return value;
  throw refuse(`--${name} lacks its value: expected ${form}`);
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

/** Flags are many; help lists them, each with what it does. */
function unknownFlag(flag: string, { flags, usage }: ArgumentForm): ClearstackError {
  const known = Object.keys(flags).map((name) => `--${name}`);
  const all = known.length === 0 ? `${usage} has no flags` : `help ${usage.split(" ")[0]} --all lists all flags`;
  return refuse(`${flag} is not known: ${expectedInstead(flag, known, all)}`);
}

function refuse(message: string): ClearstackError {
  return new ClearstackError("invalid-request", message);
}
