/** A `deconvolve` function in a process of its own: what a GPU driver can take down is that process alone. */
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
  static async start({ entry, env }: TileProcessOptions = {}): Promise<TileProcess> {
    const token = crypto.randomUUID();
    const main = entry ?? new URL("../deconvolve/main.ts", import.meta.url);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-check", ...PERMISSIONS, main.href],
      env: { ...env, HOST: "127.0.0.1", PORT: "0", CLEARSTACK_TOKEN: token, CLEARSTACK_PARENT: "stdin" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const process = new TileProcess(child, token);
    const timer = setTimeout(() => process.kill("did not start in time"), START_MILLISECONDS);
    try {
      const line = await firstLine(child.stdout);
      if (!/^\d+$/.test(line)) throw new ClearstackError("device-lost", await process.ended);
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

  async #listen(): Promise<void> {
    for await (const words of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      this.#words = (this.#words + words).slice(-KEPT_WORDS);
    }
  }
}

/** Dependencies of computing tiles. */
const PERMISSIONS = ["--allow-read", "--allow-write", "--allow-net", "--allow-env", "--allow-sys", "--no-prompt"];

/** The first line of a stream, without its end; empty if there is none. The rest goes nowhere. */
async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
  }
  await reader.cancel();
  return text.split("\n")[0]!;
}
