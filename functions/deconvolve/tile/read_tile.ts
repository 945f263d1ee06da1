/** Reading the box of a task. */
import { readBox } from "shared/image/read/read_box.ts";
import { unstoredValue } from "shared/image/read/unstored_box.ts";
import { withSpan } from "shared/telemetry/span.ts";
import { voxelCount } from "shared/volume/geometry.ts";
import { type BoxTask, taskDataType } from "./kernel_options.ts";
import { chooseBackend, type Means, sourceOf } from "./means.ts";

/** What reading a task's box is told. */
function boxOptions({ tile, algorithm, repeated }: BoxTask, signal: AbortSignal) {
  const { boundary, boundaryValue, offset } = algorithm;
  return { outer: tile.outer, box: tile.box, boundary, repeated, boundaryValue, offset, signal };
}

/** Reads the box of a task; whoever calls gives its memory back. */
export async function readTile(task: BoxTask, means: Means, signal: AbortSignal) {
  await chooseBackend(task, means);
  const image = await sourceOf(task, means, signal);
  return await withSpan("read", {}, async (span) => {
    const dataType = taskDataType(task);
    const into = means.memory.take(dataType, voxelCount(task.tile.box.shape));
    const read = await readBox(image, { ...boxOptions(task, signal), dataType, into });
    span.setAttribute("clearstack.bytes", read.bytesRead);
    return read;
  });
}

/** The value of all voxels that {@link readTile} would read, where none of them is stored, and that need not be computed. */
export async function unstoredTile(task: BoxTask, means: Means, signal: AbortSignal): Promise<number | undefined> {
  if (task.algorithm.keepEmpty) return undefined;
  return await unstoredValue(await sourceOf(task, means, signal), boxOptions(task, signal));
}
