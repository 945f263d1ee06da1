/** How much memory this process may count on. */

/** Where Linux tells a container's limit (cgroup v2); absent elsewhere. */
const CGROUP = "/sys/fs/cgroup";

/**
 * Free bytes of the machine, or of the container if it allows less.
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
  const limit = readNumber(`${CGROUP}/memory.max`);
  const used = readNumber(`${CGROUP}/memory.current`);
  return limit === undefined ? Infinity : Math.max(0, limit - (used ?? 0));
}

/** A number kept in a file; undefined if there is no such file, or it says `max`. */
function readNumber(path: string): number | undefined {
  try {
    const value = Number(Deno.readTextFileSync(path));
    return Number.isFinite(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
