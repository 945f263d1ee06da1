/**
 * Files that came whole although a part was asked for, kept for a while: some web servers know no ranges, and some compress what they
 * send, so that no part of it can be asked for.
 */
import { brotliDecompress, gunzip, inflate, zstdDecompress } from "node:zlib";
import { promisify } from "node:util";
import { ClearstackError } from "shared/errors.ts";
import type { ObjectInfo } from "../store.ts";

/** Longest file that is fetched whole for a part of it, and all that are kept in this process. */
export const MAX_WHOLE_BYTES = 64 * 2 ** 20;

/** Time that a file is kept for where its server tells nothing by which a new state of it could be known. */
const UNTAGGED_MS = 60_000;

/** Time within which a file that has just come needs no asking whether it is still so. */
const FRESH_MS = 5000;

/** A file as it came. */
export interface WholeBody {
  readonly bytes: Uint8Array;
  readonly state: ObjectInfo;
}

interface Kept extends WholeBody {
  readonly keptMs: number;
}

/** By URL, the one that was used last at the end. */
const kept = new Map<string, Kept>();

/** Keeps a file, and as many others as there is room for. */
export function keepBody(url: string, body: WholeBody): void {
  kept.delete(url);
  kept.set(url, { ...body, keptMs: Date.now() });
  let total = [...kept.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
  for (const [oldest, { bytes }] of kept) {
    if (total <= MAX_WHOLE_BYTES) break;
    kept.delete(oldest);
    total -= bytes.length;
  }
}

/**
 * The file that is kept under a URL.
 *
 * @param now what its server says of it now; another state, or one that cannot be told from it, is kept no longer
 */
export function keptBody(url: string, now?: ObjectInfo): WholeBody | undefined {
  const body = kept.get(url);
  if (body === undefined) return undefined;
  const { state, keptMs } = body;
  const isTagged = state.etag !== undefined && now?.etag !== undefined;
  const isSame = now === undefined || (isTagged ? state.etag === now.etag : Date.now() - keptMs < UNTAGGED_MS);
  kept.delete(url);
  if (isSame) kept.set(url, body);
  return isSame ? body : undefined;
}

/** The state of a file that came a moment ago. */
export function freshState(url: string): ObjectInfo | undefined {
  const body = kept.get(url);
  return body !== undefined && Date.now() - body.keptMs < FRESH_MS ? body.state : undefined;
}

const DECODERS = {
  "gzip": gunzip,
  "x-gzip": gunzip,
  "deflate": inflate,
  "br": brotliDecompress,
  "zstd": zstdDecompress,
};

/** The coding of a body, which was not asked for; undefined for none. */
export function contentCoding({ headers }: Response): string | undefined {
  const coding = headers.get("content-encoding")?.trim().toLowerCase();
  return coding === undefined || coding === "" || coding === "identity" ? undefined : coding;
}

/**
 * The bytes that a coded body stands for.
 *
 * @throws {ClearstackError} `unsupported` for a coding that is not known, or more than `maxBytes`; `corrupt-data`
 */
export async function decodeBody(bytes: Uint8Array, coding: string, { what, maxBytes }: {
  readonly what: string;
  readonly maxBytes: number;
}): Promise<Uint8Array> {
  const decoder = DECODERS[coding as keyof typeof DECODERS];
  if (decoder === undefined) {
    throw new ClearstackError(
      "unsupported",
      `the server sends ${what} in the coding ${coding}, which is not read; copy it here first`,
    );
  }
  try {
    const options = Number.isFinite(maxBytes) ? { maxOutputLength: maxBytes } : {};
    const { buffer, byteOffset, length } = await promisify(decoder as typeof gunzip)(bytes, options);
    return new Uint8Array(buffer as ArrayBuffer, byteOffset, length);
  } catch (cause) {
    const tooLong = (cause as { code?: string }).code === "ERR_BUFFER_TOO_LARGE";
    throw new ClearstackError(
      tooLong ? "unsupported" : "corrupt-data",
      tooLong
        ? `${what} has more than the ${maxBytes} bytes that are read of it`
        : `${what} came in the coding ${coding} and cannot be decoded: ${(cause as Error).message}`,
      { cause },
    );
  }
}
