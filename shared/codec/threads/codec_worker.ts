/** The thread behind codec_threads.ts. */
import { recycleMemory } from "shared/process/recycle_memory.ts";
import { ownBytes } from "shared/process/own_bytes.ts";
import { type CodecAnswer, type CodecRequest, doCodecWork } from "./codec_work.ts";

/** The part of a dedicated Worker's global scope that is used; its types would clash with those of the main thread. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<CodecRequest>) => void) | null;
  postMessage(message: CodecAnswer, transfer: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = async ({ data: { id, work, bytes } }) => {
  try {
    const done = await doCodecWork(work, bytes);
    const isReturned = done.buffer === bytes.buffer;
    const result = isReturned ? done : ownBytes(done);
    if (!isReturned) recycleMemory(bytes);
    scope.postMessage({ id, bytes: result }, [result.buffer as ArrayBuffer]);
  } catch (error) {
    scope.postMessage({ id, failure: error instanceof Error ? error.message : String(error) }, []);
  }
};
