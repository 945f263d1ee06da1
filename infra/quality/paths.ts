/** Follows an algorithm along its iterations: how close it comes to the truth, and where the held-out photons would stop it. */
import { createDeconvolver } from "kernels/backend.ts";
import type { Divergence } from "kernels/deconvolver.ts";
import { splitPhotons } from "shared/decide/photon_split.ts";
import type { Method } from "./methods.ts";
import { meanDivergence, psnr, rmse, ssim } from "./metrics.ts";
import type { Scene } from "./scene.ts";

/** Iterations at which estimates are examined. */
export const MARKS = [2, 5, 10, 20, 30, 50, 70, 100, 200] as const;

/** An estimate, examined. */
export interface Mark {
  readonly iterations: number;
  /** Decibels. */
  readonly psnr: number;
  readonly rmse: number;
  /** Of the image from the blurred estimate, mean over voxels. */
  readonly divergence: number;
}

/** One algorithm on one scene. */
export interface Path {
  readonly scene: Scene;
  readonly method: Method;
  readonly marks: readonly Mark[];
  /** The estimate at which held-out photons would have it stop; only where photons were counted. */
  readonly stop?: Mark;
  /** The closest that any examined estimate came to the truth, the stop included. */
  readonly best: Mark & { readonly ssim: number };
}

/** Share of the photons that are held out to find the stop. */
export const HELD_OUT_FRACTION = 0.1;

/** Runs an algorithm for every number of iterations in {@link MARKS}, and once on nine tenths of the photons. */
export async function followPath(scene: Scene, method: Method): Promise<Path> {
  const { box, psf } = scene;
  const deconvolver = await createDeconvolver("cpu", { box, psf, ...method.options });
  try {
    let best = { rmse: Infinity } as Mark;
    let bestEstimate: Float32Array = new Float32Array();
    const examine = async (iterations: number): Promise<Mark> => {
      const { estimate } = await deconvolver.run(scene.seen, { iterations });
      const mark = {
        iterations,
        psnr: psnr(estimate, scene.truth),
        rmse: rmse(estimate, scene.truth),
        divergence: meanDivergence(scene.seen, scene.blur(estimate)),
      };
      if (mark.rmse < best.rmse) [best, bestEstimate] = [mark, estimate];
      return mark;
    };
    const marks: Mark[] = [];
    for (const iterations of MARKS) marks.push(await examine(iterations));
    const examinedBest = () => ({ ...best, ssim: ssim(bestEstimate, scene.truth, box) });
    if (!scene.counted) return { scene, method, marks, best: examinedBest() };
    const { kept, heldOut } = splitPhotons(scene.seen, {
      seed: 1,
      heldOutFraction: HELD_OUT_FRACTION,
      imageShape: box,
      volume: 0,
      coordinates: [range(box[0]), range(box[1]), range(box[2])],
    });
    const ratio = HELD_OUT_FRACTION / (1 - HELD_OUT_FRACTION);
    const { divergence } = await deconvolver.run(kept, {
      iterations: MARKS.at(-1)! + 1,
      measureEvery: 1,
      heldOut: { values: heldOut, ratio },
    });
    const stop = await examine(stoppingIteration(divergence ?? []));
    return { scene, method, marks, stop, best: examinedBest() };
  } finally {
    await deconvolver.close();
  }
}

/** The number of iterations, at least 1, after which held-out photons were explained best. */
function stoppingIteration(divergence: readonly Divergence[]): number {
  const best = divergence.reduce((least, next) => (next.heldOut! < least.heldOut! ? next : least));
  return Math.max(1, best.iteration);
}

function range(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i);
}
