/** The time that a function takes to answer, from the start of its process. */
import { TextLineStream } from "@std/streams/text-line-stream";

interface StartOptions {
  /** Folder of the deno.json with its permission set. */
  readonly folder: string;
  /** Its module in the folder. */
  readonly file: string;
  /** Folder in which Deno keeps what it compiles. @default {the one of this machine} */
  readonly kept?: string;
}

/** Time of one start. */
interface Start {
  readonly milliseconds: number;
  /** Time for which processors were busy with it. */
  readonly processorMilliseconds: number;
}

/**
 * Starts a function on a free port, asks it how it is, and ends it.
 *
 * @throws {Error} if it ends before it listens, with what it wrote
 */
export async function timeStart(name: string, { folder, file, kept }: StartOptions): Promise<Start> {
  const started = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", `-P=${name}`, "--no-prompt", "--no-check", file],
    cwd: folder,
    env: { PORT: "0", CLEARSTACK_VIEW_CACHE: "memory:views", ...(kept === undefined ? {} : { DENO_DIR: kept }) },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  try {
    const response = await fetch(`${await listening(child)}/healthz`);
    await response.text();
    const milliseconds = performance.now() - started;
    if (!response.ok) throw new Error(`${name} answers ${response.status} when it is asked how it is`);
    return { milliseconds, processorMilliseconds: await processorMilliseconds(child.pid) };
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
}

/** URL that a process says it listens on. */
async function listening({ stderr }: Deno.ChildProcess): Promise<string> {
  const said: string[] = [];
  const lines: TransformStream<string, string> = new TextLineStream();
  for await (const line of stderr.pipeThrough(new TextDecoderStream()).pipeThrough(lines)) {
    said.push(line);
    const url = /Listening on (http:\S+?)\/?\s/.exec(`${line} `)?.[1];
    if (url) return url;
  }
  throw new Error(`the process ended before it listened: ${said.join("\n")}`);
}

/** Of all threads of a process, in Linux. */
async function processorMilliseconds(pid: number): Promise<number> {
  let nanoseconds = 0;
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    const [busy] = (await Deno.readTextFile(`/proc/${pid}/task/${name}/schedstat`)).split(" ");
    nanoseconds += Number(busy);
  }
  return nanoseconds / 1e6;
}
