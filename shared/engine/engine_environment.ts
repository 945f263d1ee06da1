/** Reading the settings of engines. */
import { ClearstackError } from "shared/errors.ts";

export type Env = (name: string) => string | undefined;

/** Words between blanks. */
export function words(text: string | undefined): string[] {
  return (text ?? "").split(/\s+/).filter((word) => word !== "");
}

/** @throws {ClearstackError} `invalid-request` naming the variable */
export function urls(env: Env, name: string, otherwise: string): string[] {
  const given = words(env(name));
  for (const url of given) {
    if (/^https?:$/.test(URL.parse(url)?.protocol ?? "")) continue;
    throw new ClearstackError("invalid-request", `${name} has "${url}"; set it to URLs such as ${otherwise}`);
  }
  return given.length > 0 ? given : [otherwise];
}

/**
 * A whole number from 1; undefined where nothing is said.
 *
 * @throws {ClearstackError} `invalid-request` naming the variable
 */
export function count(env: Env, name: string): number | undefined {
  const text = env(name);
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new ClearstackError("invalid-request", `${name} is "${text}"; set it to a whole number from 1`);
}
