/** From the text of an argument to its value; every message names the flag, the value and the expected form. */
import { ClearstackError } from "shared/errors.ts";
import { didYouMean } from "./did_you_mean.ts";
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

/**
 * The task that the first argument of a command names.
 *
 * @throws {ClearstackError} `invalid-request` with the tasks there are
 */
export function taskNamed<T>(command: string, name: string | undefined, tasks: Readonly<Record<string, T>>): T {
  if (name !== undefined && Object.hasOwn(tasks, name)) return tasks[name]!;
  const found = name === undefined ? `${command} lacks its task` : `${command} "${name}" is no task`;
  const known = Object.keys(tasks);
  const meant = didYouMean(name ?? "", known);
  throw new ClearstackError("invalid-request", `${found}: expected one of ${known.join(", ")}${meant}`);
}
