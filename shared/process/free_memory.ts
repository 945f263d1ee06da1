/** Memory that this process may count on. */
import process from "node:process";
import { containerMemoryBytes } from "./container_memory.ts";

/**
 * Free bytes of the machine, or the limit of the container if that is less.
 *
 * Processes that are held to some permissions may read neither /proc nor /sys. They see the limit of their own group, which the
 * runtime tells, but not one of a group around it.
 *
 * @example
 * ```ts
 * import { freeMemoryBytes } from "./free_memory.ts";
 * console.log(freeMemoryBytes() > 0); // true
 * ```
 */
export function freeMemoryBytes(): number {
  const { available, free } = Deno.systemMemoryInfo();
  // Some systems do not tell what is available and give 0, or know no limit and give 0.
  const own = process.constrainedMemory() || Infinity;
  return Math.min(available || free, own, containerMemoryBytes(Deno.readTextFileSync));
}
