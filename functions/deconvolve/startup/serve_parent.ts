/**
 * Serves a parent process, and ends with it. Standard output tells the parent the port, then line by line the iterations of the
 * tasks under way.
 */
import type { DeconvolveKind, Invoke, TaskFunctions } from "shared/engine/task_kinds.ts";

/** The functions, their iterations told to the parent: `tiles 3 40` says that tile 3 has done 40. */
export function toldToParent(functions: TaskFunctions<DeconvolveKind>): TaskFunctions<DeconvolveKind> {
  const told = <K extends DeconvolveKind>(kind: K, invoke: Invoke<K>): Invoke<K> => (task, signal) =>
    invoke(task, signal, (done) => console.log(`${kind} ${task.tile.index} ${done}`));
  const { tiles, seams, pilots } = functions;
  return { tiles: told("tiles", tiles), seams: told("seams", seams), pilots: told("pilots", pilots) };
}

/** Tells the parent the port, then ends this process as soon as the parent is gone: the pipe to standard input closes then. */
export async function serveParent(port: number): Promise<never> {
  console.log(port);
  for await (const _ of Deno.stdin.readable);
  Deno.exit();
}
