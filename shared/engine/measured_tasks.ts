/** Tasks that are counted where they are done, and whose failures are told in the log there. */
import { errorToRecord } from "shared/errors.ts";
import { voxelCount } from "shared/volume/geometry.ts";
import type { Log } from "shared/telemetry/log.ts";
import { TASKS } from "shared/telemetry/metrics.ts";
import type { Invoke, ReportOf, TaskFunctions, TaskKind, TaskOf } from "./task_kinds.ts";

/** The functions, counted. */
export function measuredTasks<Kinds extends TaskKind>(
  functions: TaskFunctions<Kinds>,
  kinds: readonly Kinds[],
  log: Log,
): TaskFunctions<Kinds> {
  const measure = <K extends Kinds>(kind: K): [K, Invoke<K>] => [kind, measured(kind, functions[kind], log)];
  return Object.fromEntries(kinds.map(measure)) as unknown as TaskFunctions<Kinds>;
}

function measured<K extends TaskKind>(kind: K, invoke: Invoke<K>, log: Log): Invoke<K> {
  return async (task, signal) => {
    const started = performance.now();
    try {
      const report = await invoke(task, signal);
      TASKS.ended.add(1, { kind, outcome: "done" });
      TASKS.seconds.observe((performance.now() - started) / 1000, { kind });
      COUNT[kind](task, report);
      return report;
    } catch (error) {
      const { kind: reason, message } = errorToRecord(error);
      const cancelled = reason === "cancelled" || signal.aborted;
      TASKS.ended.add(1, { kind, outcome: cancelled ? "cancelled" : "failed" });
      const plan = "planHash" in task ? { planHash: task.planHash } : {};
      if (!cancelled) log(message, { level: "warn", task: kind, tile: task.tile.index, ...plan, error: reason });
      throw error;
    }
  };
}

type Count = { readonly [K in TaskKind]: (task: TaskOf<K>, report: ReportOf<K>) => void };

/** Measurement of a report. */
const COUNT: Count = {
  tiles(task, report) {
    const { backend, kernelSeconds, readSeconds, writeSeconds, bytesRead, bytesWritten } = report;
    countComputation("tiles", task, { backend, kernelSeconds });
    TASKS.voxels.add(voxelCount(task.tile.core.shape), { kind: "tiles" });
    TASKS.readBytes.add(bytesRead, { kind: "tiles" });
    TASKS.writtenBytes.add(bytesWritten, { kind: "tiles" });
    for (const [part, seconds] of Object.entries({ read: readSeconds, compute: kernelSeconds, write: writeSeconds })) {
      TASKS.partSeconds.observe(seconds, { part });
    }
  },
  // Its report says nothing of what it took.
  seams() {},
  pilots(task, { kernelSeconds, bytesRead }) {
    countComputation("pilots", task, { backend: task.backend, kernelSeconds });
    TASKS.readBytes.add(bytesRead, { kind: "pilots" });
  },
  levels({ tile }, { bytesRead, bytesWritten }) {
    TASKS.voxels.add(voxelCount(tile.core.shape), { kind: "levels" });
    TASKS.readBytes.add(bytesRead, { kind: "levels" });
    TASKS.writtenBytes.add(bytesWritten, { kind: "levels" });
  },
};

function countComputation(
  kind: TaskKind,
  { algorithm: { iterations }, tile, ...task }: TaskOf<"tiles"> | TaskOf<"pilots">,
  { backend, kernelSeconds }: { readonly backend: string; readonly kernelSeconds: number },
): void {
  const pieces = "pieces" in task && task.pieces ? task.pieces : [tile];
  const voxels = pieces.reduce((sum, { box }) => sum + voxelCount(box.shape), 0);
  TASKS.voxelIterations.add(voxels * iterations, { kind, backend });
  TASKS.deviceSeconds.add(kernelSeconds, { kind, backend });
}
