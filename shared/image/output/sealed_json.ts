/** Records with a checksum of themselves, so that one that was cut or altered is not taken for what it said. */
import { crc32 } from "node:zlib";
import { asRecord } from "../zarr/zarr_node.ts";
import { decodeJson, encodeJson } from "../zarr/json.ts";

/** JSON as stored, with the CRC-32 of its other fields as its last. */
export function encodeSealed(record: Readonly<Record<string, unknown>>): Uint8Array {
  const { crc32: _, ...fields } = record;
  return encodeJson({ ...fields, crc32: checksum(fields) });
}

/**
 * The inverse of {@link encodeSealed}; `undefined` also for what does not have the checksum that it states. Records of earlier
 * versions state none.
 */
export function decodeSealed(bytes: Uint8Array | undefined): unknown {
  const record = decodeJson(bytes);
  const { crc32: stated, ...fields } = asRecord(record);
  return stated === undefined || stated === checksum(fields) ? record : undefined;
}

/** Of the values, however they are spelled. */
function checksum(fields: Readonly<Record<string, unknown>>): number {
  return crc32(new TextEncoder().encode(JSON.stringify(fields)));
}
