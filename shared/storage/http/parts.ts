/** Cutting large objects into the parts that object stores take one by one, and sending them. */

/** Objects longer than this are written in parts, bytes. */
export const LARGE_OBJECT_BYTES = 32 * 2 ** 20;

/** Length of all parts but the last, bytes; longer for objects that would need too many. A multiple of 256 KiB. */
const PART_BYTES = 16 * 2 ** 20;

/** Most parts of one object (S3's limit; Azure's is higher). */
const MAX_PARTS = 10_000;

/** Parts of pieces that are sent at the same time, each of them in memory. */
const PIECED_PARTS_AT_ONCE = 4;

/** Sends one part. */
type SendPart<T> = (body: Uint8Array, index: number, signal: AbortSignal) => Promise<T>;

/** Length of the parts of an object but the last. */
function partBytes(totalBytes: number): number {
  return PART_BYTES * Math.max(1, Math.ceil(totalBytes / PART_BYTES / MAX_PARTS));
}

/** Consecutive views of the bytes. */
export function partsOf(bytes: Uint8Array): Uint8Array[] {
  const length = partBytes(bytes.length);
  return Array.from(
    { length: Math.ceil(bytes.length / length) },
    (_, index) => bytes.subarray(index * length, (index + 1) * length),
  );
}

/** The parts of an object that comes in pieces, each with memory of its own. */
export async function* partsOfPieces(
  pieces: AsyncIterable<Uint8Array>,
  totalBytes: number,
): AsyncGenerator<Uint8Array> {
  const length = Math.min(partBytes(totalBytes), totalBytes);
  let part = new Uint8Array(length);
  let filled = 0;
  for await (const piece of pieces) {
    for (let taken = 0; taken < piece.length;) {
      const rest = piece.subarray(taken, taken + length - filled);
      part.set(rest, filled);
      taken += rest.length;
      filled += rest.length;
      if (filled < length) continue;
      yield part;
      [part, filled] = [new Uint8Array(length), 0];
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}

/**
 * Sends parts, all at once as far as `send` allows, or a few where they have to be made. After a failure, those under way are
 * stopped and waited for.
 *
 * @returns what `send` returned, in the order of the parts
 */
export async function sendParts<T>(
  parts: readonly Uint8Array[] | AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
  send: SendPart<T>,
): Promise<T[]> {
  const stop = new AbortController();
  const joined = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const atOnce = Array.isArray(parts) ? Infinity : PIECED_PARTS_AT_ONCE;
  const sent: Promise<T>[] = [];
  const underWay = new Set<Promise<unknown>>();
  try {
    for await (const part of parts) {
      const sending = send(part, sent.length, joined);
      sent.push(sending);
      underWay.add(sending);
      sending.finally(() => underWay.delete(sending)).catch(() => {});
      if (underWay.size >= atOnce) await Promise.race(underWay);
    }
    return await Promise.all(sent);
  } catch (error) {
    stop.abort();
    await Promise.allSettled(sent);
    throw error;
  }
}
