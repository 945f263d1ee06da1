/** Time that threads spend on a processor. Linux only (reads /proc). */

/** Seconds of the calling thread, or of the thread of this process with a number. */
export function threadSeconds(thread?: number): number {
  const folder = thread === undefined ? "thread-self" : `self/task/${thread}`;
  const [nanoseconds] = Deno.readTextFileSync(`/proc/${folder}/schedstat`).split(" ");
  return Number(nanoseconds) / 1e9;
}
