/** Chunks that this process holds at the same time, whatever number of tiles it works on: what a plan claims memory for. */
import pLimit from "p-limit";
import type { ImageInfo } from "shared/contract/image_info.ts";
import { isLoopback } from "shared/http/listen_address.ts";
import { READ_CONCURRENCY, WRITE_CONCURRENCY } from "shared/plan/host_memory.ts";

/**
 * What is served on this machine may be a view that this very process computes, out of chunks that it reads for it: who waits for
 * such a chunk must not keep those from being read.
 */
const READS = { served: pLimit(READ_CONCURRENCY), stored: pLimit(READ_CONCURRENCY) };

/** Runs what fetches and decodes one source chunk of an image, until that is given back. */
export function limitReads<T>({ url }: Pick<ImageInfo, "url">, read: () => Promise<T>): Promise<T> {
  const { protocol = "", hostname = "" } = URL.parse(url) ?? {};
  const isServed = /^https?:$/.test(protocol) && isLoopback(hostname.replace(/^\[|\]$/g, ""));
  return READS[isServed ? "served" : "stored"](read);
}

/** Runs what cuts, encodes and writes one output chunk. */
export const limitWrites = pLimit(WRITE_CONCURRENCY);
