/** Running the kernels on the box of a task. */
import type { RunOptions, VoxelData } from "kernels/deconvolver.ts";
import type { PilotTask } from "shared/contract/pilot.ts";
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { notFiniteError } from "shared/image/read/not_finite.ts";
import { loadTaskPsf } from "shared/psf/load_task_psf.ts";
import { formatVec3 } from "shared/volume/geometry.ts";
import type { ChosenDevice, PoolResult } from "../pool/deconvolver_pool.ts";
import { assertFiniteCore } from "./finite_core.ts";
import { type BoxTask, coreInBox, deconvolverOptions, runOptions } from "./kernel_options.ts";
import { chooseBackend, type Means, sourceOf } from "./means.ts";

/** Runs the box of a task, and gives back the core; `options` are those that the task does not tell. */
export async function deconvolveBox(
  task: BoxTask & Pick<PilotTask, "heldOut">,
  values: VoxelData,
  means: Means,
  options: Omit<RunOptions, "iterations" | "signal" | "returned"> & { readonly signal: AbortSignal },
): Promise<PoolResult & Pick<ChosenDevice, "backend">> {
  const { tile, psfSha256 } = task;
  const { signal } = options;
  const { backend, boxesAtOnce } = await chooseBackend(task, means);
  const psf = await means.psfs.get(
    JSON.stringify([task.psf, psfSha256]),
    (signal) => loadTaskPsf(task, { environment: means.environment, signal }),
    signal,
  );
  // The CPU keeps all data as float32.
  const dataType = backend === "webgpu" && values instanceof Uint16Array ? { dataType: "uint16" as const } : {};
  const wish = { ...deconvolverOptions(task), ...dataType, backend, boxesAtOnce, psfSha256, psf: psf.volume };
  try {
    const result = await means.pool.run(wish, values, {
      ...runOptions(task),
      ...options,
      returned: coreInBox(tile),
      onIterations: means.onIterations,
    });
    await assertFiniteCore(result.estimate, values, tile);
    return { backend, ...result };
  } catch (error) {
    if (!isClearstackError(error, "corrupt-data")) throw error;
    const named = await notFiniteError(await sourceOf(task, means, signal), { ...tile, signal });
    if (named !== undefined) throw Object.assign(named, { cause: error });
    const where = `in the tile at z,y,x ${formatVec3(tile.core.start)} of shape ${formatVec3(tile.core.shape)}`;
    throw new ClearstackError("corrupt-data", `${where}: ${error.message}`, { cause: error });
  }
}
