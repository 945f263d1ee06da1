/** Chunks that this process holds at the same time, whatever number of tiles it works on: what a plan claims memory for. */
import pLimit from "p-limit";
import { READ_CONCURRENCY, WRITE_CONCURRENCY } from "shared/plan/host_memory.ts";

/** Runs what fetches and decodes one source chunk, until that is given back. */
export const limitReads = pLimit(READ_CONCURRENCY);

/** Runs what cuts, encodes and writes one output chunk. */
export const limitWrites = pLimit(WRITE_CONCURRENCY);
