/** The reflected Castagnoli polynomial (RFC 3720, appendix B.4). */
const POLYNOMIAL = 0x82f63b78;

/**
 * Tables of slicing by eight (Kounavis and Berry, "A Systematic Approach to Building High Performance Software-Based CRC
 * Generators", 2005), which takes two words at a time: entry `256 * k + b` is what byte `b` becomes with `k` zero bytes behind it.
 */
const TABLES = new Uint32Array(8 * 256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
  TABLES[byte] = crc;
}
for (let entry = 256; entry < TABLES.length; entry++) {
  const before = TABLES[entry - 256]!;
  TABLES[entry] = (before >>> 8) ^ TABLES[before & 0xff]!;
}

/** CRC-32C of some bytes, as an unsigned 32-bit number. */
export function crc32c(bytes: Uint8Array): number {
  const { buffer, byteOffset, length } = bytes;
  const first = Math.min(length, (4 - (byteOffset % 4)) % 4);
  const words = new Uint32Array(buffer, first === length ? 0 : byteOffset + first, ((length - first) >>> 3) * 2);
  let crc = byByte(-1, bytes.subarray(0, first));
  for (let index = 0; index < words.length; index += 2) {
    const [low, high] = [words[index]! ^ crc, words[index + 1]!];
    crc = TABLES[1792 + (low & 0xff)]! ^ TABLES[1536 + ((low >>> 8) & 0xff)]! ^
      TABLES[1280 + ((low >>> 16) & 0xff)]! ^ TABLES[1024 + (low >>> 24)]! ^
      TABLES[768 + (high & 0xff)]! ^ TABLES[512 + ((high >>> 8) & 0xff)]! ^
      TABLES[256 + ((high >>> 16) & 0xff)]! ^ TABLES[high >>> 24]!;
  }
  return ~byByte(crc, bytes.subarray(first + words.byteLength)) >>> 0;
}

function byByte(crc: number, bytes: Uint8Array): number {
  for (let index = 0; index < bytes.length; index++) crc = TABLES[(crc ^ bytes[index]!) & 0xff]! ^ (crc >>> 8);
  return crc;
}
