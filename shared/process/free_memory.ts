/** Memory that this process may count on. */

/** File in which Linux states a container's limit (cgroup v2); `max` without one, absent elsewhere. */
const CONTAINER_LIMIT = "/sys/fs/cgroup/memory.max";

/**
 * Free bytes of the machine, or the limit of the container if that is less.
 *
 * @example
 * ```ts
 * import { freeMemoryBytes } from "./free_memory.ts";
 * console.log(freeMemoryBytes() > 0); // true
 * ```
 */
export function freeMemoryBytes(): number {
  const { available, free } = Deno.systemMemoryInfo();
  // Some systems do not tell what is available and give 0.
  return Math.min(available || free, containerBytes());
}

function containerBytes(): number {
  try {
    const limit = Number(Deno.readTextFileSync(CONTAINER_LIMIT));
    return Number.isFinite(limit) ? limit : Infinity;
  } catch {
    return Infinity;
  }
}
