/** Work that takes a while: its progress on standard error, its result on standard output, and the user may interrupt it. */
import type { TaskProgress } from "functions/library/local_process.ts";
import type { Io } from "../io.ts";
import { ProgressDisplay, type Shown } from "./progress_display.ts";

interface RunShownOptions<Result> {
  /** Without progress. */
  readonly quiet: boolean;
  /** Prints the result as one object. */
  readonly json: boolean;
  /** Unit that the work is counted in. @default {"tile"} */
  readonly piece?: string;
  /** The result in words, lines and all. */
  readonly describe: (result: Result) => string;
}

interface ShownWork {
  /** Fires when the user interrupts. */
  readonly signal: AbortSignal;
  readonly onProgress: (shown: Shown) => void;
  readonly onTask: (progress: TaskProgress) => void;
}

/** Does the work and prints its result; throws what it throws, once the display has ended. */
export async function runShown<Result>(
  io: Io,
  { quiet, json, piece = "tile", describe }: RunShownOptions<Result>,
  work: (given: ShownWork) => Promise<Result>,
): Promise<void> {
  const stop = new AbortController();
  const release = io.onInterrupt(() => stop.abort());
  const display = quiet ? undefined : new ProgressDisplay(io, { piece });
  try {
    display?.start();
    const result = await work({
      signal: stop.signal,
      onProgress: (shown) => display?.update(shown),
      onTask: (progress) => display?.task(progress),
    });
    display?.end();
    io.out(json ? `${JSON.stringify(result)}\n` : describe(result));
  } finally {
    display?.end();
    release();
  }
}
