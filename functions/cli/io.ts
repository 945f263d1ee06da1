/** Everything that a command may touch besides its arguments; tests pass their own. */
import type { Config } from "shared/config.ts";
import type { StoreEnvironment } from "shared/storage/store_environment.ts";

/** The surroundings of a command. */
export interface Io {
  /** Results. */
  readonly out: (text: string) => void;
  /** Progress and errors. */
  readonly err: (text: string) => void;
  /** Width of the terminal that `err` writes to; undefined if it is none. */
  readonly terminalColumns?: number | undefined;
  /** What stores see of the world. */
  readonly environment: StoreEnvironment;
  /** Settings from the environment. */
  readonly config: () => Config;
  /** Calls `stop` when the user interrupts; the function that comes back ends that. */
  readonly onInterrupt: (stop: () => void) => () => void;
}

/** What the functions that a command hosts see. */
export const worldOf = ({ config, environment }: Io) => ({ config: config(), environment });

/** A command: its arguments in, its exit status out. Errors are thrown and told by main.ts. */
export type Command = (args: readonly string[], io: Io) => Promise<number>;
