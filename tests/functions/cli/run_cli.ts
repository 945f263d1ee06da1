/** Runs command lines in this process. */
import { run } from "functions/cli/main.ts";
import { storeEnvironment } from "../../stores.ts";

/** What a command line did. */
export interface CliRun {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Surroundings that a test may set. */
export interface CliOptions {
  readonly terminalColumns?: number;
  /** Receives what interrupts the command, when it listens. */
  readonly onInterrupt?: (stop: () => void) => void;
  readonly onOut?: (text: string) => void;
  readonly onErr?: (text: string) => void;
}

/** Elsewhere than on a terminal, progress is a line after half a second, then every five: how many depends on the machine. */
const PROGRESS = /^(?:planning|[\d,]+ of [\d,]+ \w+.*)\n$/;

/** Runs one command line with a budget of 1 GiB; what it shows of its progress, a terminal alone tells. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  let out = "";
  let err = "";
  const status = await run(args, {
    out: (text) => {
      out += text;
      options.onOut?.(text);
    },
    err: (text) => {
      err += options.terminalColumns === undefined && PROGRESS.test(text) ? "" : text;
      options.onErr?.(text);
    },
    terminalColumns: options.terminalColumns,
    environment: storeEnvironment(),
    config: () => ({ hostBytes: 2 ** 30, deviceBytes: 2 ** 30 }),
    onInterrupt: (stop) => {
      options.onInterrupt?.(stop);
      return () => {};
    },
  });
  return { status, out, err };
}

/** What was said besides warnings: small PSFs of tests are cut off, and state no voxel size. */
export function besideWarnings(err: string): string {
  return err.replace(/^warning: [^\n]*\n/gm, "");
}

/** True if there is a file or a folder. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch {
    return false;
  }
}
