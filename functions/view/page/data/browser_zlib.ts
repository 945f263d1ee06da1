/**
 * The functions of node:zlib that shared/codec and shared/storage call, for browsers; the bundle takes this file in its place. DEFLATE by fflate
 * and Zstandard by fzstd, since browsers have neither as a function that answers at once. Neither library bounds what comes out or
 * verifies checksums of DEFLATE, which is done here; checksums of Zstandard are not verified.
 */
import { gunzipSync as gunzip, inflateSync as inflateBare, unzlibSync } from "fflate";
import { decompress } from "fzstd";
import { zstdSize } from "./zstd_size.ts";

interface Limits {
  readonly maxOutputLength: number;
}

/** Frames that do not tell their size may be of smaller blocks than full ones, by so much. */
const SMALL_BLOCKS = 8;

/** Numbers of zstd.h. */
export const constants = { ZSTD_e_end: 2, ZSTD_c_compressionLevel: 100 };

/** A stream without a native handle: its callers take the functions instead. */
export function createZstdDecompress(): object {
  return {};
}

/** As {@link createZstdDecompress}. */
export function createZstdCompress(): object {
  return {};
}

/** The page writes no image. */
export function zstdCompressSync(): never {
  throw new Error("this program reads Zstandard and does not write it");
}

/** Decodes Zstandard frames. @throws {Error} for damaged bytes, and for more than `maxOutputLength` */
export function zstdDecompressSync(bytes: Uint8Array, limits: Limits): Uint8Array {
  const { maxOutputLength } = limits;
  const most = SMALL_BLOCKS * (maxOutputLength + 128 * 1024);
  if (zstdSize(bytes) > most) throw tooMuch(limits);
  return within(decompress(bytes), limits);
}

/** Decodes a gzip file of one member or several, as {@link zstdDecompressSync}. */
export function gunzipSync(bytes: Uint8Array, limits: Limits): Uint8Array {
  const out = room(limits);
  let filled = 0;
  for (let member: Uint8Array | undefined = bytes; member !== undefined;) {
    const plain = gunzip(member, { out: out.subarray(filled) });
    filled += plain.length;
    within(out.subarray(0, filled), limits);
    member = nextMember(member, plain);
  }
  return out.subarray(0, filled);
}

/** Bytes that a member begins with: the mark of gzip, and DEFLATE. */
const MEMBER = [0x1f, 0x8b, 8];

/** Bytes of the checksum and the length behind a member. */
const MEMBER_END = 8;

/**
 * The members behind the first one. fflate does not tell where a member ends, so its checksum and length are looked for, with what
 * may follow them.
 *
 * @returns undefined behind the last member
 * @throws {Error} where no checksum matches
 */
function nextMember(bytes: Uint8Array, plain: Uint8Array): Uint8Array | undefined {
  const checksum = crc32(plain);
  const isEnd = (end: DataView) => end.getUint32(0, true) === checksum && end.getUint32(4, true) === plain.length;
  for (let next = MEMBER_END; next + MEMBER.length <= bytes.length; next++) {
    if (!MEMBER.every((byte, index) => bytes[next + index] === byte)) continue;
    if (isEnd(new DataView(bytes.buffer, bytes.byteOffset + next - MEMBER_END, MEMBER_END))) {
      return bytes.subarray(next);
    }
  }
  if (!hasEnd(bytes, MEMBER_END, isEnd)) throw damaged();
  return undefined;
}

/** Decodes a zlib stream, as {@link zstdDecompressSync}. */
export function inflateSync(bytes: Uint8Array, limits: Limits): Uint8Array {
  const plain = within(unzlibSync(bytes, { out: room(limits) }), limits);
  const checksum = adler32(plain);
  if (!hasEnd(bytes, 4, (end) => end.getUint32(0) === checksum)) throw damaged();
  return plain;
}

/** Decodes bare DEFLATE, as {@link zstdDecompressSync}; what holds it has a checksum of its own. */
export function inflateRaw(
  bytes: Uint8Array,
  limits: Limits,
  done: (error: Error | null, plain: Uint8Array) => void,
): void {
  try {
    done(null, within(inflateBare(bytes, { out: room(limits) }), limits));
  } catch (error) {
    done(error as Error, bytes);
  }
}

/** One byte more than may come out, in which too much is noticed: what does not fit is dropped. */
function room({ maxOutputLength }: Limits): Uint8Array {
  return new Uint8Array(maxOutputLength + 1);
}

function within(plain: Uint8Array, limits: Limits): Uint8Array {
  if (plain.length <= limits.maxOutputLength) return plain;
  throw tooMuch(limits);
}

function tooMuch({ maxOutputLength }: Limits): Error {
  return new Error(`it holds more than the ${maxOutputLength} bytes that were expected`);
}

/** Bytes that a writer may put behind a stream, as some do to have strips begin at multiples; node:zlib takes any. */
const MAX_PADDING = 16;

/** Whether bytes end in a checksum of this length, but for padding: fflate does not tell where a stream ends. */
function hasEnd({ buffer, byteOffset, length }: Uint8Array, size: number, isEnd: (end: DataView) => boolean): boolean {
  for (let at = length - size; at >= Math.max(0, length - size - MAX_PADDING); at--) {
    if (isEnd(new DataView(buffer, byteOffset + at, size))) return true;
  }
  return false;
}

function damaged(): Error {
  return new Error("its checksum does not match");
}

/** Remainders of bytes by the polynomial of CRC-32 (RFC 1952). */
const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** The checksum of gzip and zip. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let at = 0; at < bytes.length; at++) crc = REMAINDERS[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Adler-32 (RFC 1950); sums of 3800 bytes stay below 2^31. */
function adler32(bytes: Uint8Array): number {
  let [low, high] = [1, 0];
  for (let at = 0; at < bytes.length;) {
    for (const end = Math.min(at + 3800, bytes.length); at < end; at++) {
      low += bytes[at]!;
      high += low;
    }
    low %= 65521;
    high %= 65521;
  }
  return high * 65536 + low;
}
