/** Comparing bytes with the checksums that a server keeps of them. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { ClearstackError } from "shared/errors.ts";
import { crc32c } from "./crc32c.ts";

/** Checksums that can be verified, the fastest first. Values are big-endian. */
const ALGORITHMS = {
  crc32: (bytes: Uint8Array) => uint32(crc32(bytes)),
  sha256: (bytes: Uint8Array) => createHash("sha256").update(bytes).digest(),
  sha1: (bytes: Uint8Array) => createHash("sha1").update(bytes).digest(),
  md5: (bytes: Uint8Array) => createHash("md5").update(bytes).digest(),
  crc32c: (bytes: Uint8Array) => uint32(crc32c(bytes)),
};

/** Checksums of an object, in base64, by algorithm. */
export type Checksums = { readonly [algorithm in keyof typeof ALGORITHMS]?: string | undefined };

/** The checksum of some bytes in base64. */
export function checksumOf(algorithm: keyof typeof ALGORITHMS, bytes: Uint8Array): string {
  return ALGORITHMS[algorithm](bytes).toString("base64");
}

/**
 * Verifies bytes against the fastest of the checksums given; passes if there is none.
 *
 * @param what the object's name for the message
 * @throws {ClearstackError} `store-unavailable`, since another transfer may be intact
 */
export function assertChecksum(bytes: Uint8Array, checksums: Checksums, what: string): void {
  for (const algorithm of Object.keys(ALGORITHMS) as (keyof typeof ALGORITHMS)[]) {
    const promised = checksums[algorithm];
    if (promised === undefined) continue;
    if (promised === checksumOf(algorithm, bytes)) return;
    throw new ClearstackError("store-unavailable", `${what}: its bytes do not have the ${algorithm} the server keeps`);
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
