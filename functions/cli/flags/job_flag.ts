/** What a flag of a job says of itself: enough to read it from a command line, and to write it into one. */
import type { Flag } from "./parse_arguments.ts";

/** What reading a value may need beside its text. */
export interface FlagContext {
  readonly flag: string;
  readonly form: string;
  /** All texts of a repeatable flag, in order. */
  readonly texts: readonly string[];
  /** Whether the source has an axis z; looks at its metadata. */
  readonly sourceHasZ: () => Promise<boolean>;
}

/** A flag that takes a value. */
export interface ValueFlag extends Flag {
  /** Value that help shows behind the flag: the default, or a placeholder. */
  readonly example: string;
  readonly help: string;
  readonly form: string;
  /** Where the setting stands in the request, such as `tiling.tile`. */
  readonly at: string;
  /**
   * From text to setting.
   *
   * @throws {ClearstackError} `invalid-request` naming flag, value and form
   */
  readonly read: (text: string, context: FlagContext) => unknown;
  /** The inverse of `read`: one text for each time that the flag is given. @default {[String(value)]} */
  readonly write?: (value: unknown) => readonly string[];
  /** The setting that gives this one a meaning: the flag is refused, and not written, without it. */
  readonly beside?: { readonly flag: string; readonly at: string; readonly value: string };
}

/** A flag without a value, which stands for one value of a setting. */
interface SwitchFlag extends Flag {
  readonly form?: never;
  readonly help: string;
  readonly at: string;
  readonly means: string | boolean;
}

/** Any flag of a job. */
export type JobFlag = ValueFlag | SwitchFlag;
