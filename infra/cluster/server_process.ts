/** A server on this machine: started, probed until it answers, killed, started again on the same port. */
import { delay } from "@std/async/delay";
import { TextLineStream } from "@std/streams/text-line-stream";

interface ServerCommand {
  /** Names it in messages and its log. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Folder of the log; what it prints is appended there. */
  readonly logFolder: string;
  /** True once it can be used. */
  readonly ready: () => Promise<boolean>;
}

const START_MILLISECONDS = 90_000;
const PROBE_MILLISECONDS = 100;
/** A server that was asked to end is killed after so long. */
const END_MILLISECONDS = 10_000;

/** Whoever wants to know how a server fares. */
interface Watcher {
  /** Told in words how it ended, where nobody had asked it to. */
  readonly onEnd?: (how: string) => void;
  /** Takes each line that it prints. */
  readonly onLine?: (line: string) => void;
}

/** One server, which may be killed and started again any number of times. */
export class ServerProcess {
  readonly #server: ServerCommand;
  #child: Deno.ChildProcess | undefined;
  #printing: Promise<unknown> = Promise.resolve();
  #ready = false;
  #watcher: Watcher = {};

  constructor(server: ServerCommand) {
    this.#server = server;
  }

  get name(): string {
    return this.#server.name;
  }

  /** Has somebody told how it fares; there is one at a time. */
  watch(watcher: Watcher): void {
    this.#watcher = watcher;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Starts it and waits until it is ready.
   *
   * @throws {Error} with the end of its log, if it ends first or takes too long
   */
  async start(): Promise<void> {
    const { name, command, args, env = {}, logFolder, ready } = this.#server;
    const child = new Deno.Command(command, {
      args: [...args],
      env: { NO_COLOR: "1", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#child = child;
    this.#ready = false;
    const onLine = (line: string) => this.#watcher.onLine?.(line);
    this.#printing = Promise.all([child.stdout, child.stderr].map((output) => append(output, this.logFile, onLine)));
    let ended = false;
    child.status.then((status) => {
      ended = true;
      this.#noteEnd(child, status);
    });
    for (const deadline = Date.now() + START_MILLISECONDS; !await ready().catch(() => false);) {
      if (ended || Date.now() > deadline) {
        await this.kill();
        const words = (await Deno.readTextFile(this.logFile)).trimEnd().split("\n").slice(-15).join("\n");
        throw new Error(`${name} ${ended ? "ended" : "is not ready"}; ${logFolder} has its log, which ends:\n${words}`);
      }
      await delay(PROBE_MILLISECONDS);
    }
    this.#ready = true;
  }

  #noteEnd(child: Deno.ChildProcess, { code, signal }: Deno.CommandStatus): void {
    if (this.#child !== child || !this.#ready) return;
    this.#child = undefined;
    this.#watcher.onEnd?.(signal ? `was ended by ${signal}` : `ended with status ${code}`);
  }

  get logFile(): string {
    return `${this.#server.logFolder}/${this.name}.log`;
  }

  /** Ends it without a warning. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Asks it to end, and ends it if it does not. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async #end(signal: Deno.Signal): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = undefined;
    const send = (what: Deno.Signal) => {
      try {
        child.kill(what);
      } catch {
        // It has ended by itself.
      }
    };
    send(signal);
    const timer = setTimeout(() => send("SIGKILL"), END_MILLISECONDS);
    await child.status;
    clearTimeout(timer);
    await this.#printing;
  }
}

async function append(
  output: ReadableStream<Uint8Array<ArrayBuffer>>,
  file: string,
  onLine: (line: string) => void,
): Promise<void> {
  const [kept, told] = output.tee();
  const telling = told.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
    .pipeTo(new WritableStream({ write: onLine }));
  await kept.pipeTo((await Deno.open(file, { append: true, create: true })).writable);
  await telling;
}

/** Below the ports that systems give to connections: one of those could be taken before the server that is meant gets it. */
const [FIRST_PORT, PORTS] = [10_000, 22_000] as const;

/** A port of this machine that nothing listens on. */
export function freePort(): number {
  for (;;) {
    const port = FIRST_PORT + Math.floor(PORTS * Math.random());
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

/** A probe: true if the URL answers with success. */
export function answers(url: string): () => Promise<boolean> {
  return async () => {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    return response.ok;
  };
}
