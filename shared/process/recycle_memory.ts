/**
 * Buffers of chunks and of what they are stored as, used again: memory that comes fresh from the system costs more time, page by
 * page, than decoding a chunk into it does.
 */
import { releaseMemory } from "./release_memory.ts";

/** Bytes that a thread keeps at most; part of what a plan counts for the runtime. */
const MAX_BYTES = 32 * 2 ** 20;

/** Smaller ones are cheap, and larger ones are not chunks. */
const MIN_BUFFER_BYTES = 64 * 2 ** 10;
const MAX_BUFFER_BYTES = 8 * 2 ** 20;

const kept: ArrayBuffer[] = [];
let keptBytes = 0;

/** So many bytes, whatever they hold, in a buffer of {@link bufferBytes}; the caller owns it and fills them all. */
export function takeBytes(length: number): Uint8Array<ArrayBuffer> {
  const wanted = bufferBytes(length);
  const at = kept.findLastIndex(({ byteLength }) => byteLength === wanted);
  if (at < 0) return new Uint8Array(new ArrayBuffer(wanted), 0, length);
  const [buffer] = kept.splice(at, 1);
  keptBytes -= wanted;
  return new Uint8Array(buffer!, 0, length);
}

/** Bytes of the buffer behind so many: compressed chunks, of which no two are of one length, are to find each other's memory. */
export function bufferBytes(length: number): number {
  if (length < MIN_BUFFER_BYTES) return length;
  const step = 2 ** (Math.floor(Math.log2(length)) - 3);
  return Math.ceil(length / step) * step;
}

/**
 * Keeps the memory behind a view for {@link takeBytes}, or frees it. The view, and every other view of the same buffer, has length
 * 0 afterwards, so that nobody writes into what another has taken. Only the sole owner of a buffer may call this.
 */
export function recycleMemory({ buffer }: ArrayBufferView): void {
  if (!(buffer instanceof ArrayBuffer) || buffer.detached) return;
  const { byteLength } = buffer;
  if (byteLength < MIN_BUFFER_BYTES || byteLength > MAX_BUFFER_BYTES) return releaseMemory(new Uint8Array(buffer));
  kept.push(buffer.transfer());
  keptBytes += byteLength;
  while (keptBytes > MAX_BYTES) {
    const oldest = kept.shift()!;
    keptBytes -= oldest.byteLength;
    releaseMemory(new Uint8Array(oldest));
  }
}
