/** Bodies of answers, read into place. */
import { takeBytes } from "shared/process/recycle_memory.ts";
import type { Moved } from "../guard/patience.ts";
import { assertWithin } from "../store.ts";

/** How a body is read. */
export interface BodyOptions {
  /** Told of every piece that comes. */
  readonly moved: Moved;
  readonly maxBytes: number;
}

/** Room for a body of unknown length at first. */
const UNPROMISED_BYTES = 2 ** 16;

/** Room made for a promise at once; what is longer has to come first. */
const MAX_PROMISED_BYTES = 2 ** 26;

/** Room for the end, where it should be, or for what comes in its place. */
const END_BYTES = 1024;

/**
 * All bytes of a body, each written once to where it stays if the answer tells its length.
 *
 * @param what the object's name for messages
 * @throws {ClearstackError} `unsupported` for a body that promises, or has, more than `maxBytes`; the rest of it is not read
 */
export async function bodyBytes(response: Response, what: string, options: BodyOptions): Promise<Uint8Array> {
  const { body, headers } = response;
  const { moved, maxBytes } = options;
  if (body === null) return new Uint8Array(0);
  const within = async (bytes: number, stop: () => Promise<void>) => {
    if (bytes > maxBytes) await stop().catch(() => {});
    assertWithin(bytes, maxBytes, what);
  };
  await within(Number(headers.get("content-length") ?? 0), () => body.cancel());
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
    await within(filled, () => reader.cancel());
    moved(value!.length);
  }
}

/** The first bytes of a body; the rest of it is left. */
export async function bodyStart({ body }: Response, maxBytes: number): Promise<Uint8Array> {
  const start = new Uint8Array(maxBytes);
  let filled = 0;
  for await (const piece of body ?? []) {
    const fits = piece.subarray(0, maxBytes - filled);
    start.set(fits, filled);
    filled += fits.length;
    if (filled === maxBytes) break;
  }
  return start.subarray(0, filled);
}

/** Both, and as much room again. */
function joined(bytes: Uint8Array, more: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(2 * (bytes.length + more.length));
  both.set(bytes);
  both.set(more, bytes.length);
  return both;
}
