/** The thread behind codec_threads.ts. */
import { recycleMemory } from "shared/process/recycle_memory.ts";
import { ownBytes } from "shared/process/own_bytes.ts";
import { type CodecWork, doCodecWork } from "./codec_work.ts";
import type { ThreadAnswer, ThreadRequest } from "./messages.ts";
import { doPass } from "./voxel_work.ts";

/** The part of a dedicated Worker's global scope that is used; its types would clash with those of the main thread. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ThreadRequest>) => void) | null;
  postMessage(message: ThreadAnswer, transfer: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;

/** Bytes that fill a buffer of their own. */
async function codeBytes(work: CodecWork, bytes: Uint8Array): Promise<Uint8Array> {
  const done = await doCodecWork(work, bytes);
  if (done.buffer === bytes.buffer) return done;
  const result = ownBytes(done);
  recycleMemory(bytes);
  return result;
}

scope.onmessage = async ({ data: { id, asked } }) => {
  try {
    if ("pass" in asked) return scope.postMessage({ id, result: doPass(asked.pass, ...asked.told) }, []);
    const result = await codeBytes(asked.work, asked.bytes);
    scope.postMessage({ id, result }, [result.buffer as ArrayBuffer]);
  } catch (error) {
    scope.postMessage({ id, failure: error instanceof Error ? error.message : String(error) }, []);
  }
};
