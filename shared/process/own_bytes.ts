import { bufferBytes } from "./recycle_memory.ts";

/** Bytes that fill their buffer, or as much of it as is asked for them, as those do that go to another thread: themselves, or a copy. */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = bytes;
  const whole = buffer instanceof ArrayBuffer && byteOffset === 0 &&
    (buffer.byteLength === byteLength || buffer.byteLength === bufferBytes(byteLength));
  return whole ? bytes as Uint8Array<ArrayBuffer> : bytes.slice();
}
