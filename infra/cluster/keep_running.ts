/** Servers that are started again when they end by themselves, and are heard where their logs tell of trouble. */
import { pause } from "shared/process/pause.ts";
import type { ServerProcess } from "./server_process.ts";

/** Pauses before a server is started again: the first, which doubles, and the longest. */
const PAUSES_MS = [1000, 30_000] as const;
/** A server that ended so shortly before this process does was ended with it. */
const SETTLE_MS = 300;
/** A server that has run for so long ends for a new reason. */
const CALM_MS = 60_000;

/** Whoever looks on. */
export interface Onlooker {
  /** Takes one line. */
  readonly tell: (line: string) => void;
  /** Fires when servers are about to be stopped. */
  readonly closing: AbortSignal;
}

/** Starts a server again whenever it ends though nobody stopped it, and says so; passes on what its log has of warnings and errors. */
export function keepRunning(server: ServerProcess, { tell, closing }: Onlooker): void {
  let [pauseMs, startedAt] = [PAUSES_MS[0] as number, Date.now()];
  const startAgain = async (how: string) => {
    // Ctrl-C ends servers and this process at once, whichever comes first.
    await pause(SETTLE_MS, closing);
    if (Date.now() - startedAt > CALM_MS) pauseMs = PAUSES_MS[0];
    for (let why = how; !closing.aborted;) {
      tell(`${server.name} ${why}: starting it again in ${pauseMs / 1000} s; its log is ${server.logFile}`);
      await pause(pauseMs, closing);
      pauseMs = Math.min(2 * pauseMs, PAUSES_MS[1]);
      if (closing.aborted) return;
      const failure = await server.start().then(() => undefined, (error: Error) => error);
      startedAt = Date.now();
      if (!failure) return tell(`${server.name} runs again`);
      why = "did not start";
    }
  };
  server.watch({
    onEnd: (how) => void startAgain(how),
    onLine: (line) => {
      const trouble = troubleIn(line);
      if (trouble !== undefined) tell(`${server.name}: ${trouble}`);
    },
  });
}

/** The message of a line of a function's log, if it tells of trouble. */
function troubleIn(line: string): string | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const { level, message } = JSON.parse(line);
    return level === "warn" || level === "error" ? `${level} ${message}` : undefined;
  } catch {
    return undefined;
  }
}
