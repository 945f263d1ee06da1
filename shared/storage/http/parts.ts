/** Cutting large objects into the parts that object stores take one by one. */

/** Objects longer than this are written in parts, bytes. */
export const LARGE_OBJECT_BYTES = 32 * 2 ** 20;

/** Length of all parts but the last, bytes; longer for objects that would need too many. A multiple of 256 KiB. */
const PART_BYTES = 16 * 2 ** 20;

/** Most parts of one object (S3's limit; Azure's is higher). */
const MAX_PARTS = 10_000;

/** Consecutive views of the bytes. */
export function partsOf(bytes: Uint8Array): Uint8Array[] {
  const length = PART_BYTES * Math.max(1, Math.ceil(bytes.length / PART_BYTES / MAX_PARTS));
  return Array.from(
    { length: Math.ceil(bytes.length / length) },
    (_, index) => bytes.subarray(index * length, (index + 1) * length),
  );
}
