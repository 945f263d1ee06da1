/**
 * Compression and passes over voxels on threads of their own, so that the thread that feeds a GPU, answers requests and talks to
 * stores never waits for them. Where nobody has opened threads, and for small pieces, the work is done at once by the caller's thread.
 */
import { type CodecWork, doCodecWork } from "./codec_work.ts";
import type { ThreadAnswer, ThreadRequest } from "./messages.ts";
import { doPass, type PassArguments, type PassName, type PassResult } from "./voxel_work.ts";
import { CODEC_THREAD_BYTES, MAX_CODEC_THREADS } from "shared/plan/host_memory.ts";
import { ownBytes } from "shared/process/own_bytes.ts";

/** Below this, sending costs more than it saves. */
const MIN_BYTES = 64 * 1024;

interface Pending {
  readonly resolve: (result: unknown) => void;
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
  const own = ownBytes(bytes);
  return ask({ work, bytes: own }, [own.buffer]) as Promise<Uint8Array>;
}

/**
 * Does a pass over voxels, whose first argument they are; on a thread where they lie in memory that threads share.
 *
 * @throws {Error} with what the pass says
 */
export async function voxelPass<Name extends PassName>(
  pass: Name,
  ...told: PassArguments<Name>
): Promise<PassResult<Name>> {
  const [{ buffer, byteLength }] = told;
  if (users === 0 || byteLength < MIN_BYTES || buffer instanceof ArrayBuffer) return doPass(pass, ...told);
  return await ask({ pass, told }, []) as PassResult<Name>;
}

function ask(request: ThreadRequest["asked"], transfer: Transferable[]): Promise<unknown> {
  const { worker, pending } = leastBusy();
  const id = requests++;
  return new Promise((resolve, reject) => {
    pending.set(id, { resolve, reject });
    worker.postMessage({ id, asked: request } satisfies ThreadRequest, transfer);
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
  worker.onmessage = ({ data }: MessageEvent<ThreadAnswer>) => {
    const waiting = pending.get(data.id);
    pending.delete(data.id);
    if ("failure" in data) waiting?.reject(new Error(data.failure));
    else waiting?.resolve(data.result);
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
