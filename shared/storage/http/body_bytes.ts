/** Bodies of answers, read into place. */
import { takeBytes } from "shared/process/recycle_memory.ts";
import type { Moved } from "../guard/patience.ts";

/** Room for a body of unknown length at first. */
const UNPROMISED_BYTES = 2 ** 16;

/** Room made for a promise at once; what is longer has to come first. */
const MAX_PROMISED_BYTES = 2 ** 26;

/** Room for the end, where it should be, or for what comes in its place. */
const END_BYTES = 1024;

/**
 * All bytes of a body, each written once to where it stays if the answer tells its length.
 *
 * @param moved told of every piece that comes
 */
export async function bodyBytes({ body, headers }: Response, moved: Moved): Promise<Uint8Array> {
  if (body === null) return new Uint8Array(0);
  const reader = body.getReader({ mode: "byob" });
  const promised = Number(headers.get("content-length") ?? UNPROMISED_BYTES);
  let target = takeBytes(Math.min(promised, MAX_PROMISED_BYTES));
  for (let filled = 0;;) {
    const full = filled === target.length;
    const { done, value } = await reader.read(full ? new Uint8Array(END_BYTES) : target.subarray(filled));
    // The reader took the buffer, and gives it back.
    if (!full) target = new Uint8Array(value!.buffer);
    if (done) return full ? target : target.subarray(0, filled);
    if (full) target = joined(target, value!);
    filled += value!.length;
    moved(value!.length);
  }
}

/** Both, and as much room again. */
function joined(bytes: Uint8Array, more: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(2 * (bytes.length + more.length));
  both.set(bytes);
  both.set(more, bytes.length);
  return both;
}
