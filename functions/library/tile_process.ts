/** A `deconvolve` function in a process of its own: what a GPU driver can take down is that process alone. */
import { TextLineStream } from "@std/streams/text-line-stream";
import { ClearstackError } from "shared/errors.ts";

/** Characters of standard error that are kept for messages. */
const KEPT_WORDS = 2000;

/** A process that has not listened after so long will not. */
const START_MILLISECONDS = 60_000;

/** Process to start. */
export interface TileProcessOptions {
  /** A module that serves the function and calls `serveParent`. @default {the function's own main.ts} */
  readonly entry?: URL;
  /** Environment beside the parent's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Takes what the process tells on standard output once it listens, line by line. */
  readonly onLine?: (line: string) => void;
}

/** A running process; it ends when this one does. */
export class TileProcess {
  /** Present it with every call. */
  readonly token: string;
  /** Settles when the process has ended, with how it ended in words. */
  readonly ended: Promise<string>;
  #url = "";
  #words = "";
  #killedFor: string | undefined;
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess, token: string) {
    this.#child = child;
    this.token = token;
    const listened = this.#listen();
    this.ended = child.status.then(async ({ code, signal }) => {
      await listened;
      const how = this.#killedFor ?? `ended ${signal ? `by ${signal}` : `with status ${code}`}`;
      const last = this.#words.trim().split("\n").at(-1);
      return `the GPU process ${how}${last ? `; its last words: ${last}` : ""}`;
    });
  }

  /**
   * Starts a process and waits until it listens.
   *
   * @throws {ClearstackError} `device-lost` if it ends, or does not listen in time
   */
  static async start({ entry, env, onLine = () => {} }: TileProcessOptions = {}): Promise<TileProcess> {
    const token = crypto.randomUUID();
    const main = entry ?? new URL("../deconvolve/main.ts", import.meta.url);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-check", ...FLAGS, main.href],
      env: { ...env, HOST: "127.0.0.1", PORT: "0", CLEARSTACK_TOKEN: token, CLEARSTACK_PARENT: "stdin" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const process = new TileProcess(child, token);
    const timer = setTimeout(() => process.kill("did not start in time"), START_MILLISECONDS);
    try {
      const toLines: TransformStream<string, string> = new TextLineStream();
      const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(toLines).getReader();
      const { value: line = "" } = await lines.read();
      if (!/^\d+$/.test(line)) throw new ClearstackError("device-lost", await process.ended);
      process.#follow(lines, onLine);
      process.#url = `http://127.0.0.1:${line}`;
      return process;
    } finally {
      clearTimeout(timer);
    }
  }

  /** URL at which the function answers. */
  get url(): string {
    return this.#url;
  }

  /** Ends the process at once, whatever it hangs in, and waits for it. `why` says it in words: "the GPU process ...". */
  async kill(why: string): Promise<void> {
    this.#killedFor ??= why;
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.#child.stdin.close().catch(() => {});
    await this.ended;
  }

  /** Takes every line, so that the process never waits for a reader. */
  async #follow(lines: ReadableStreamDefaultReader<string>, onLine: (line: string) => void): Promise<void> {
    for (;;) {
      const { value, done } = await lines.read().catch(() => ({ value: undefined, done: true as const }));
      if (done) return;
      onLine(value);
    }
  }

  async #listen(): Promise<void> {
    for await (const words of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      this.#words = (this.#words + words).slice(-KEPT_WORDS);
    }
  }
}

/** What computing tiles takes; the last is what deno.json says, which may not be found where a bundle lies. */
const FLAGS = [
  ...["--allow-read", "--allow-write", "--allow-net", "--allow-env", "--allow-sys", "--no-prompt"],
  "--unstable-no-legacy-abort",
];
