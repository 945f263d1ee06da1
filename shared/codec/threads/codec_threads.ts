/**
 * Compression on threads of their own, so that the thread that feeds a GPU, answers requests and talks to stores never waits for
 * it. Where nobody has opened threads, and for small pieces, the work is done at once by the caller's thread.
 */
import { type CodecAnswer, type CodecRequest, type CodecWork, doCodecWork } from "./codec_work.ts";
import { CODEC_THREAD_BYTES, MAX_CODEC_THREADS } from "shared/plan/host_memory.ts";
import { ownBytes } from "shared/process/own_bytes.ts";

/** Below this, sending costs more than it saves. */
const MIN_BYTES = 64 * 1024;

interface Pending {
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly pending: Map<number, Pending>;
}

let users = 0;
let threads: Thread[] = [];
let requests = 0;

/** Memory that the threads of this process take once there are any, bytes. */
export function codecThreadsBytes(): number {
  return threadCount() * CODEC_THREAD_BYTES;
}

function threadCount(): number {
  return Math.min(MAX_CODEC_THREADS, navigator.hardwareConcurrency);
}

/**
 * Has this process compress on threads until everybody who opened them has closed them; they start with the first work.
 *
 * @returns closes them; work under way fails, so nobody may still wait for any
 */
export function openCodecThreads(): { close(): void } {
  users++;
  let open = true;
  return {
    close() {
      if (open && --users === 0) endThreads("its codec threads were closed");
      open = false;
    },
  };
}

/** True while somebody has threads open. */
export function hasCodecThreads(): boolean {
  return users > 0;
}

/**
 * Encodes or decodes `bytes`, which the caller must not use any more.
 *
 * @returns bytes that the caller owns
 * @throws {Error} with what the codec says
 */
export function codecWork(work: CodecWork, bytes: Uint8Array): Promise<Uint8Array> {
  if (users === 0 || bytes.length < MIN_BYTES) return doCodecWork(work, bytes);
  const { worker, pending } = leastBusy();
  const id = requests++;
  const own = ownBytes(bytes);
  const request: CodecRequest = { id, work, bytes: own };
  return new Promise((resolve, reject) => {
    pending.set(id, { resolve, reject });
    worker.postMessage(request, [own.buffer]);
  });
}

function leastBusy(): Thread {
  const free = threads.find(({ pending }) => pending.size === 0);
  if (free) return free;
  if (threads.length < threadCount()) threads.push(startThread());
  return threads.reduce((least, other) => other.pending.size < least.pending.size ? other : least);
}

function startThread(): Thread {
  const pending = new Map<number, Pending>();
  const worker = new Worker(new URL("./codec_worker.ts", import.meta.url), { type: "module", name: "codec" });
  worker.onmessage = ({ data }: MessageEvent<CodecAnswer>) => {
    const waiting = pending.get(data.id);
    pending.delete(data.id);
    if ("bytes" in data) waiting?.resolve(data.bytes);
    else waiting?.reject(new Error(data.failure));
  };
  worker.onerror = (event) => {
    event.preventDefault();
    endThreads(`a codec thread crashed: ${event.message}`);
  };
  return { worker, pending };
}

function endThreads(reason: string): void {
  const ended = threads;
  threads = [];
  for (const { worker, pending } of ended) {
    worker.terminate();
    for (const { reject } of pending.values()) reject(new Error(reason));
  }
}
