/** Measures the memory of a process and those that it starts. Linux only (reads /proc). */

/**
 * Watches a process and its descendants until `ended`.
 *
 * @returns the largest sum of the high-water marks of those that lived at the same time, bytes: no less than what they held
 */
export async function residentPeak(pid: number, ended: Promise<unknown>): Promise<number> {
  let peakBytes = 0;
  const sampling = setInterval(() => {
    const sum = family(pid).reduce((bytes, member) => bytes + highWaterMark(member), 0);
    peakBytes = Math.max(peakBytes, sum);
  }, 100);
  try {
    await ended;
  } finally {
    clearInterval(sampling);
  }
  return peakBytes;
}

function family(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(family)];
}

/** Threads start processes, too: the children of each are listed apart. */
function childrenOf(pid: number): number[] {
  try {
    const tasks = [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => name);
    return tasks.flatMap((task) =>
      readOrEmpty(`/proc/${pid}/task/${task}/children`).split(" ").filter(Boolean).map(Number)
    );
  } catch {
    return [];
  }
}

/** `VmHWM` of a process in bytes; 0 once it is gone. */
function highWaterMark(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readOrEmpty(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;
}

function readOrEmpty(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
