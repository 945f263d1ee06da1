/** Runs the kernels on a small problem whose solution is computed here, voxel by voxel and in double precision. */
import { createDeconvolver } from "kernels/backend.ts";
import { toClearstackError } from "shared/errors.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { plainRichardsonLucy, worstOfPeak } from "shared/volume/plain_richardson_lucy.ts";
import { createRandom } from "../demo/sample/random.ts";
import { convolvePeriodic, gaussianProfile, mirrored, outerProduct, type Profiles } from "../demo/sample/separable.ts";

/** Result of checking the kernels of one backend. */
export interface KernelCheck {
  readonly backend: "webgpu" | "cpu";
  /** True if they run and are right. */
  readonly usable: boolean;
  readonly adapter?: string;
  /** Largest difference from the solution, as a fraction of its maximum. */
  readonly worstError?: number;
  /** From nothing to the first result: compiling, transfers and {@link CHECK_ITERATIONS} iterations. */
  readonly firstSeconds?: number;
  /** Voxels times iterations, per second, transfers included. */
  readonly voxelIterationsPerSecond?: number;
  /** Reason why they do not run. */
  readonly problem?: string;
}

/** Sides with factors 2, 3 and 5; the PSF has odd and even ones and no symmetry, so that nothing can be mirrored unseen. */
const BOX: Vec3 = [48, 80, 96];
const PROFILES: Profiles = [skewed(9, 1.6), skewed(8, 1.4), skewed(7, 1.2)];
const CHECK_ITERATIONS = 5;
const TIMED_ITERATIONS = 20;

/**
 * float32 transforms of this box err by about 6e-8 * log2(368640) = 1e-6 of the maximum each, two an iteration. A PSF that is
 * one voxel off, or an adjoint that is not mirrored, gives 1e-2 and more.
 */
const TOLERANCE = 2e-5;

/** A driver that takes longer than this for one small box hangs. */
const LONGEST_SECONDS = 60;

/** Runs one backend. Never throws, and always ends: what goes wrong is the finding. */
export async function checkKernels(backend: "webgpu" | "cpu", expected: Solution): Promise<KernelCheck> {
  const { promise: timeout, resolve } = Promise.withResolvers<KernelCheck>();
  const problem = `no result within ${LONGEST_SECONDS} s, so the driver seems to hang`;
  const timer = setTimeout(() => resolve({ backend, usable: false, problem }), LONGEST_SECONDS * 1000);
  try {
    return await Promise.race([runKernels(backend, expected), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

async function runKernels(backend: "webgpu" | "cpu", expected: Solution): Promise<KernelCheck> {
  try {
    const started = performance.now();
    await using deconvolver = await closing(backend);
    const { estimate } = await deconvolver.run(expected.data, { iterations: CHECK_ITERATIONS });
    const firstSeconds = (performance.now() - started) / 1000;
    const worstError = worstOfPeak(estimate, expected.estimate);
    const { kernelSeconds } = await deconvolver.run(expected.data, { iterations: TIMED_ITERATIONS });
    const { adapter } = deconvolver;
    const voxelIterationsPerSecond = voxelCount(BOX) * TIMED_ITERATIONS / kernelSeconds;
    return { backend, usable: worstError < TOLERANCE, adapter, worstError, firstSeconds, voxelIterationsPerSecond };
  } catch (error) {
    return { backend, usable: false, problem: toClearstackError(error).message };
  }
}

/** A deconvolver that is closed at the end of its scope. */
async function closing(backend: "webgpu" | "cpu") {
  const deconvolver = await createDeconvolver(backend, { box: BOX, psf: outerProduct(PROFILES) });
  return {
    adapter: deconvolver.adapter,
    run: deconvolver.run.bind(deconvolver),
    [Symbol.asyncDispose]: () => deconvolver.close(),
  };
}

/** A problem and what it must give. */
interface Solution {
  readonly data: Float32Array;
  readonly estimate: Float64Array;
}

/** Richardson-Lucy as it is written, by sums instead of transforms. */
export function solveByHand(): Solution {
  const random = createRandom(1);
  const object = Float64Array.from({ length: voxelCount(BOX) }, () => random.uniform() < 0.002 ? 3000 : 10);
  const data = Float32Array.from(convolvePeriodic(object, BOX, PROFILES), (mean) => random.poisson(mean));
  const adjoint = mirrored(PROFILES);
  const blur = {
    forward: (values: Float64Array) => convolvePeriodic(values, BOX, PROFILES),
    adjoint: (values: Float64Array) => convolvePeriodic(values, BOX, adjoint),
  };
  return { data, estimate: plainRichardsonLucy(data, blur, CHECK_ITERATIONS) };
}

/** A Gaussian profile that leans to one side. */
function skewed(length: number, sigma: number): Float64Array {
  const leaning = gaussianProfile(length, sigma).map((value, index) => value * (1 + 0.5 * index / length));
  const total = leaning.reduce((sum, value) => sum + value, 0);
  return leaning.map((value) => value / total);
}
