/** Other implementations, installed as packages of the operating system's Python, as the conformance suite sees them. */
import { type Answer, type Deconvolution, NotApplicable, type Subject } from "./subject.ts";

interface Peer {
  /** Name in peers.py. */
  readonly id: "scikit-image" | "blog";
  readonly name: string;
  readonly edges: Subject["edges"];
  readonly home: Subject["home"];
  /** The first estimate, which cannot be chosen. */
  readonly start: "data" | "flat";
}

/** The peers that Debian's packages python3-skimage, python3-dask and python3-tifffile bring or can run. */
export const PEERS: readonly Peer[] = [
  {
    id: "scikit-image",
    name: "scikit-image",
    edges: "zero",
    start: "flat",
    home: { box: [16, 15, 18], psfShape: [5, 5, 7] },
  },
  {
    id: "blog",
    name: "Dask blog 2020 (NumPy)",
    edges: "periodic",
    start: "data",
    home: { box: [16, 16, 18], psfShape: [4, 4, 6] },
  },
];

/** Options that every implementation takes; all others are our own. */
const COMMON = ["box", "psf", "iterations", "start", "asShipped"];

/**
 * Starts a Python process for a peer.
 *
 * @param python the interpreter that has the packages
 * @returns undefined if the interpreter or the packages are not there
 */
export async function startPeer(peer: Peer, python: string): Promise<Subject | undefined> {
  const lines = startLines(python, [new URL("./peers.py", import.meta.url).pathname, peer.id]);
  const hello = lines && JSON.parse(await lines.read().catch(() => "{}"));
  if (!lines || !hello.version) return undefined;
  return {
    name: peer.name,
    description: hello.version,
    own: false,
    edges: peer.edges,
    home: peer.home,
    async run(data, deconvolution) {
      refuseUnknown(peer, deconvolution);
      await lines.write(JSON.stringify(request(data, deconvolution)));
      return parse(JSON.parse(await lines.read()));
    },
    close: lines.close,
  };
}

function refuseUnknown(peer: Peer, deconvolution: Deconvolution): void {
  const unknown = Object.keys(deconvolution).find((key) => !COMMON.includes(key));
  if (unknown) throw new NotApplicable(`${peer.name} has no option ${unknown}`);
  if (deconvolution.start && deconvolution.start !== peer.start) {
    throw new NotApplicable(`${peer.name} always starts from ${peer.start}`);
  }
}

function request(data: Float32Array, { box, psf, iterations, asShipped = false }: Deconvolution) {
  return {
    image: toBase64(data),
    shape: box,
    psf: toBase64(psf.values),
    psfShape: psf.shape,
    iterations,
    asShipped,
  };
}

function toBase64(values: Float32Array): string {
  return new Uint8Array(Float64Array.from(values).buffer).toBase64();
}

function parse(message: { estimate?: string; error?: string }): Answer {
  if (message.estimate === undefined) throw new Error(message.error ?? "no answer");
  return { estimate: new Float64Array(Uint8Array.fromBase64(message.estimate).buffer) };
}

/** A child process that is spoken to line by line. */
interface Lines {
  write(line: string): Promise<void>;
  /** Rejects at the end of the stream. */
  read(): Promise<string>;
  close(): Promise<void>;
}

function startLines(command: string, args: readonly string[]): Lines | undefined {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(command, { args: [...args], stdin: "piped", stdout: "piped", stderr: "null" }).spawn();
  } catch {
    return undefined;
  }
  const writer = child.stdin.getWriter();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  return {
    write: (line: string) => writer.write(new TextEncoder().encode(line + "\n")),
    async read() {
      while (!pending.includes("\n")) {
        const { value, done } = await reader.read();
        if (done) throw new Error("the process ended");
        pending += value;
      }
      const end = pending.indexOf("\n");
      const line = pending.slice(0, end);
      pending = pending.slice(end + 1);
      return line;
    },
    async close() {
      await writer.close().catch(() => {});
      await reader.cancel();
      await child.status;
    },
  };
}
