/** Everything that a command may touch besides its arguments; tests pass their own. */
import type { Config } from "shared/config.ts";
import type { StoreEnvironment } from "shared/storage/store_environment.ts";
import { printable } from "shared/telemetry/printable.ts";

/** Thrown where results are written that nobody reads any more, as behind `| head`. */
export class ReaderGone extends Error {}

/** The surroundings of a command. */
export interface Io {
  /**
   * Results.
   *
   * @throws {ReaderGone} once their reader has closed
   */
  readonly out: (text: string) => void;
  /** Progress and errors. */
  readonly err: (text: string) => void;
  /** Removes the line that `err` has begun, on a terminal. */
  readonly clearLine: () => void;
  /** Width of the terminal that `err` writes to; undefined if it is none. */
  readonly terminalColumns?: number | undefined;
  /** What stores see of the world. */
  readonly environment: StoreEnvironment;
  /** Settings from the environment. */
  readonly config: () => Config;
  /** Calls `stop` when the user interrupts; the function that comes back ends that. */
  readonly onInterrupt: (stop: () => void) => () => void;
}

/** The surroundings as they come: what is written is not looked at. */
export type BareIo = Omit<Io, "clearLine">;

/** Surroundings in which no text of a file or a caller is obeyed by a terminal. */
export function guardedIo({ out, err, ...rest }: BareIo): Io {
  return {
    ...rest,
    out: (text) => out(printable(text)),
    err: (text) => err(printable(text)),
    clearLine: () => err("\r\x1b[2K"),
  };
}

/** What the functions that a command hosts see. */
export const worldOf = ({ config, environment }: Io) => ({ config: config(), environment });

/** A command: its arguments in, its exit status out. Errors are thrown and told by main.ts. */
export type Command = (args: readonly string[], io: Io) => Promise<number>;
