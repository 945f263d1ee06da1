/** What becomes of the core of a tile, computed at once or piece by piece. */
import type { VoxelData } from "kernels/deconvolver.ts";
import { voxelPass } from "shared/codec/threads/codec_threads.ts";
import type { Piece, TileReport, TileTask } from "shared/contract/tile.ts";
import { joinCounts } from "shared/decide/value_counts.ts";
import { releaseMemory } from "shared/process/release_memory.ts";
import { copyBox } from "shared/volume/copy_box.ts";
import { voxelCount } from "shared/volume/geometry.ts";
import { emptyReason, leaveEmpty } from "./empty_box.ts";
import { boxPart, type BoxTask } from "./kernel_options.ts";
import type { ComputedBox } from "./stored_form.ts";
import { deconvolveBox } from "./deconvolve_box.ts";
import { chooseBackend, type Means } from "./means.ts";
import { readTile } from "./read_tile.ts";

/** The core of a tile, which the caller owns, and what it took. */
interface Computation
  extends Pick<TileReport, "backend" | "adapter" | "readSeconds" | "kernelSeconds" | "bytesRead" | "values" | "empty"> {
  readonly computed: ComputedBox;
}

/** Counts the values of the core of a box as it was read. */
export function countValues({ tile, source: { dtype }, algorithm: { offset } }: BoxTask, values: VoxelData) {
  return voxelPass("countValues", values, { ...tile, dtype, offset });
}

export async function computeBox(task: TileTask, means: Means, signal: AbortSignal): Promise<Computation> {
  const started = performance.now();
  const { values, bytesRead } = await readTile(task, means, signal);
  const counts = await countValues(task, values);
  const read = { readSeconds: (performance.now() - started) / 1000, bytesRead, values: counts };
  const { box, core } = task.tile;
  const into = means.memory.take("float32", voxelCount(core.shape));
  const empty = emptyReason(values, boxPart(task), task.algorithm);
  if (empty !== undefined) {
    const { backend, adapter } = await chooseBackend(task, means);
    copyBox({ box, values }, { box: core, values: into });
    leaveEmpty(into, into, task.algorithm);
    means.memory.leave(values);
    return { ...read, computed: { values: into, box: core }, backend, adapter, kernelSeconds: 0, empty };
  }
  const { estimate, backend, adapter, kernelSeconds } = await deconvolveBox(task, values, means, { into, signal });
  means.memory.leave(values);
  return { ...read, computed: { values: estimate, box: core }, backend, adapter, kernelSeconds };
}

/** The core of a tile that a pilot has computed; undefined where it is not here. What that took is counted with the pilot. */
export function recallCore(task: TileTask, { kept, memory }: Means): Computation | undefined {
  const found = kept.take(task);
  if (found === undefined) return undefined;
  const { core, ...facts } = found;
  const values = memory.take("float32", core.length);
  values.set(core);
  releaseMemory(core);
  return { ...facts, computed: { values, box: task.tile.core }, readSeconds: 0, kernelSeconds: 0, bytesRead: 0 };
}

/** Sum of the pieces of a tile. */
const SUMMED = ["readSeconds", "kernelSeconds", "bytesRead"] as const;

/** The core of a tile computed piece by piece. It is kept in memory until it is whole, since a piece may be part of a shard. */
export async function computePieces(
  task: TileTask,
  [first, ...others]: readonly Piece[],
  means: Means,
  signal: AbortSignal,
): Promise<Computation> {
  const { core } = task.tile;
  const tileCore = { box: core, values: means.memory.take("float32", voxelCount(core.shape)) };
  let ended = 0;
  const onIterations = (done: number) =>
    means.onIterations?.(Math.floor((ended * task.algorithm.iterations + done) / (others.length + 1)));
  const compute = async (piece: Piece) => {
    const { computed: { values, box }, ...computation } = await computeBox(
      { ...task, tile: { ...task.tile, ...piece } },
      { ...means, onIterations },
      signal,
    );
    ended++;
    copyBox({ box, values }, tileCore);
    means.memory.leave(values);
    return computation;
  };
  // A tile that was empty would have fitted.
  const { empty: _, ...sum } = { ...await compute(first!), computed: tileCore };
  for (const piece of others) {
    const computed = await compute(piece);
    for (const part of SUMMED) sum[part] += computed[part];
    sum.values = sum.values && computed.values && joinCounts(sum.values, computed.values);
  }
  return sum;
}
