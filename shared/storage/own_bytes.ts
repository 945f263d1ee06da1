/** Bytes that fill their buffer, as those must that go to another thread: themselves, or a copy. */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes;
  const whole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  return whole ? bytes as Uint8Array<ArrayBuffer> : bytes.slice();
}
