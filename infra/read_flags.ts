/** Flags of the programs in this folder. */
import { parseArgs } from "node:util";

/** A text where there is a default, a text or nothing where it is undefined, true or false where it is one of them. */
type Flags<F> = {
  [Name in keyof F]: F[Name] extends boolean ? boolean : F[Name] extends string ? string : string | undefined;
};

/**
 * Reads `--name value`, `--switch` and `--no-switch` from the command line; says what it does not know, and ends the process with
 * status 2.
 *
 * @param defaults of all flags by name
 */
export function readFlags<const F extends Readonly<Record<string, string | boolean | undefined>>>(
  defaults: F,
): Flags<F> {
  const options = Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => {
      const type = typeof value === "boolean" ? "boolean" as const : "string" as const;
      return [name, value === undefined ? { type } : { type, default: value }];
    }),
  );
  try {
    return parseArgs({ options, allowNegative: true }).values as Flags<F>;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(2);
  }
}
