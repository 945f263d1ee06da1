/** Times as settings state them. */
import { ClearstackError } from "./errors.ts";

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Milliseconds of a variable such as 30s, 45m, 12h or 30d; undefined where it is not set.
 *
 * @throws {ClearstackError} `invalid-request` naming the variable
 */
export function timeSetting(env: (name: string) => string | undefined, name: string): number | undefined {
  const text = env(name);
  if (text === undefined) return undefined;
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text.trim()) ?? [];
  if (Number(number) > 0) return Number(number) * UNITS[unit!]!;
  throw new ClearstackError("invalid-request", `${name} "${text}": expected a time, such as 30d, 12h, 45m or 20s`);
}
