/** From the text of an argument to its value; every message names the flag, the value and the expected form. */
import { ClearstackError } from "shared/errors.ts";
import { expectedInstead } from "./did_you_mean.ts";
import type { Flag, ParsedArguments } from "./parse_arguments.ts";
import type { Vec3 } from "shared/volume/geometry.ts";

/** Three numbers z, y, x, or two, y and x, for an image that has no z. */
type Triple = Vec3 | readonly [y: number, x: number];

/** @throws {ClearstackError} `invalid-request`: `--flag "value": expected form` */
export function refuseValue(flag: string, text: string, form: string): never {
  throw new ClearstackError("invalid-request", `--${flag} "${text}": expected ${form}`, {
    path: `--${flag}`,
    value: text,
  });
}

/** @throws {ClearstackError} `invalid-request` naming all of `needed` that were not given, and what they look like */
export function requireFlags(
  args: Pick<ParsedArguments, "has">,
  needed: readonly string[],
  flags: Readonly<Record<string, Flag>>,
): void {
  const missing = needed.filter((flag) => !args.has(flag));
  if (missing.length === 0) return;
  const names = missing.map((flag) => `--${flag}`).join(", ");
  const forms = missing.map((flag) => flags[flag]!.form).join("; ");
  const are = missing.length === 1 ? "is" : "are";
  throw new ClearstackError("invalid-request", `${names} ${are} missing: expected ${forms}`);
}

/** A whole number from `least` to `most`. */
export function wholeNumber(
  flag: string,
  text: string,
  form: string,
  [least, most]: readonly [number, number],
): number {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  return number >= least && number <= most ? number : refuseValue(flag, text, form);
}

/** Channels and time points of an image. */
const MAX_INDEX = 100_000;

/** The number of a time point, from 0. */
export function indexOf(flag: string, text: string, form: string): number {
  return wholeNumber(flag, text, form, [0, MAX_INDEX]);
}

/** A channel by index or by name; a backslash takes the meaning from the character behind it. */
export function channelOfText(text: string): number | string {
  return /^\d{1,9}$/.test(text) ? Number(text) : text.replace(/\\(.)/gs, "$1");
}

/** The inverse of {@link channelOfText}: a name that is a number is told from an index by a backslash. */
export function textOfChannel(channel: number | string): string {
  return typeof channel === "number" ? `${channel}` : channel.replace(/[\\,]|^(?=\d+$)/g, "\\$&");
}

/** Axes in the order in which they lie in memory. */
export function axesOf(flag: string, text: string, form: string): string {
  return /^t?c?z?yx$/.test(text) ? text : refuseValue(flag, text, form);
}

export function finiteNumber(flag: string, text: string, form: string): number {
  return finiteNumbers(flag, text, form, [text])[0]!;
}

/** The numbers that the parts of a text are. */
export function finiteNumbers(flag: string, text: string, form: string, parts = text.split(",")): number[] {
  const numbers = parts.map((part) => /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(part) ? Number(part) : NaN);
  return numbers.every(Number.isFinite) ? numbers : refuseValue(flag, text, form);
}

export function oneOf<T extends string>(flag: string, text: string, words: readonly T[]): T {
  const word = words.find((candidate) => candidate === text);
  return word ?? refuseValue(flag, text, `one of ${words.join(", ")}`);
}

/** `Z,Y,X`, or `Y,X`, whole numbers from `least`. */
export function triple(flag: string, text: string, form: string, range: readonly [number, number]): Triple {
  const parts = text.split(",");
  if (parts.length !== 3 && parts.length !== 2) refuseValue(flag, text, form);
  const numbers = parts.map((part) => /^\d{1,7}$/.test(part) ? Number(part) : NaN);
  if (!numbers.every((number) => number >= range[0] && number <= range[1])) refuseValue(flag, text, form);
  return numbers as unknown as Triple;
}

/** @throws {ClearstackError} `invalid-request` for a pair y, x where what it is for also has z */
export function refusePair(flag: string, text: string, what = "the image"): never {
  return refuseValue(flag, text, `Z,Y,X, since ${what} has z, y and x: write --${flag} Z,${text} with a number for Z`);
}

/**
 * The task that the first argument of a command names.
 *
 * @throws {ClearstackError} `invalid-request` with the tasks there are
 */
export function taskNamed<T>(command: string, name: string | undefined, tasks: Readonly<Record<string, T>>): T {
  if (name !== undefined && Object.hasOwn(tasks, name)) return tasks[name]!;
  const found = name === undefined ? `${command} lacks its task` : `${command} "${name}" is no task`;
  throw new ClearstackError("invalid-request", `${found}: ${expectedInstead(name ?? "", Object.keys(tasks))}`);
}
