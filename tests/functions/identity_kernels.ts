/** Kernels that give every box back as it came: whatever a pipeline built on them writes must equal what it read. */
import type { Deconvolver, DeconvolverOptions, RunOptions, VoxelData } from "kernels/deconvolver.ts";
import { wholeBox } from "kernels/part.ts";
import type { Kernels } from "functions/deconvolve/pool/deconvolver_pool.ts";
import { ClearstackError } from "shared/errors.ts";
import { copyBox } from "shared/volume/copy_box.ts";
import { type Box, type Vec3, voxelCount } from "shared/volume/geometry.ts";

/** Kernels and what was asked of them. */
export interface IdentityKernels extends Kernels {
  readonly made: DeconvolverOptions[];
  readonly runs: RunOptions[];
  /** Deconvolvers that are open. */
  readonly open: () => number;
  /** The most that ran at the same time. */
  readonly mostRunning: () => number;
}

/** @param beforeRun called before each run with its number from 1; may throw or wait */
export function identityKernels(beforeRun: (run: number, options: RunOptions) => unknown = () => {}): IdentityKernels {
  const made: DeconvolverOptions[] = [];
  const runs: RunOptions[] = [];
  let open = 0;
  let running = 0;
  let mostRunning = 0;
  function create(options: DeconvolverOptions): Deconvolver {
    const { box } = options;
    made.push(options);
    open++;
    return {
      backend: "cpu",
      adapter: "identity",
      allocatedBytes: 0,
      async run(data, options) {
        runs.push(options);
        mostRunning = Math.max(mostRunning, ++running);
        try {
          await beforeRun(runs.length, options);
          // A turn of the event loop, so that runs could overlap if nothing kept them apart.
          await new Promise((resolve) => setTimeout(resolve, 0));
          if (options.signal?.aborted) throw new ClearstackError("cancelled", "the run was cancelled");
          options.onIterations?.(options.iterations);
          return { estimate: partOf(data, box, options.returned ?? wholeBox(box)), kernelSeconds: 0.001 };
        } finally {
          running--;
        }
      },
      close() {
        open--;
        return Promise.resolve();
      },
    };
  }
  return {
    made,
    runs,
    open: () => open,
    mostRunning: () => mostRunning,
    chooseBackend: () => Promise.resolve({ backend: "cpu", adapter: "identity", boxesAtOnce: 1 }),
    createDeconvolver: (_, options) => Promise.resolve(create(options)),
  };
}

function partOf(data: VoxelData, box: Vec3, part: Box): Float32Array {
  const values = new Float32Array(voxelCount(part.shape));
  copyBox({ box: wholeBox(box), values: data }, { box: part, values });
  return values;
}
