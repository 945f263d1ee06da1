/**
 * Runs the kernels on a box so small that its solution is found here in a moment, by sums and in double precision. The doctor's
 * check is the thorough one; this one is for a process that is about to be given tiles.
 */
import type { Deconvolver, DeconvolverOptions, Volume } from "kernels/deconvolver.ts";
import { ClearstackError } from "shared/errors.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { plainRichardsonLucy, worstOfPeak } from "shared/volume/plain_richardson_lucy.ts";
import { modulo, positionAt } from "shared/volume/position.ts";

const BOX: Vec3 = [8, 12, 16];
/** Without symmetry, so that nothing can be mirrored unseen; its centre is voxel 1,1,1. */
const PSF: Volume = {
  shape: [2, 3, 2],
  values: Float32Array.of(1, 2, 4, 1, 3, 1, 2, 5, 9, 4, 1, 3).map((v) => v / 36),
};
const ITERATIONS = 3;

/**
 * float32 transforms of this box err by about 6e-8 * log2(1536) = 6e-7 of the maximum each, two an iteration: 4e-6 in three. A
 * PSF that is one voxel off gives 1e-2 and more.
 */
const TOLERANCE = 2e-5;

/** A driver that takes longer than this for such a box hangs. */
const LONGEST_MILLISECONDS = 60_000;

/** Makes a deconvolver of the backend in question. */
export type MakeDeconvolver = (options: DeconvolverOptions) => Promise<Deconvolver>;

/** @throws {ClearstackError} what the kernels throw, `no-device` if they are wrong or give no answer */
export async function checkKernel(make: MakeDeconvolver): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const hangs = new ClearstackError("no-device", "the kernels give no answer, so the driver seems to hang: restart it");
  const timer = setTimeout(() => reject(hangs), LONGEST_MILLISECONDS);
  try {
    await Promise.race([compareWithSums(make), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function compareWithSums(make: MakeDeconvolver): Promise<void> {
  const data = Float32Array.from(
    { length: voxelCount(BOX) },
    (_, i) => 10 + (i * 37 % 101) + (i % 211 === 0 ? 900 : 0),
  );
  const deconvolver = await make({ box: BOX, psf: PSF });
  try {
    const { estimate } = await deconvolver.run(data, { iterations: ITERATIONS });
    const worst = worstOfPeak(estimate, plainRichardsonLucy(data, BLUR, ITERATIONS));
    if (worst < TOLERANCE) return;
    const message = `the kernels on ${deconvolver.adapter} are off by ${worst.toExponential(1)} of the maximum`;
    throw new ClearstackError("no-device", `${message}: update the driver`);
  } finally {
    await deconvolver.close();
  }
}

const BLUR = {
  forward: (values: Float64Array) => convolve(values, 1),
  adjoint: (values: Float64Array) => convolve(values, -1),
};

/** @param direction 1 convolves with the PSF, -1 with its mirror image */
function convolve(values: Float64Array, direction: 1 | -1): Float64Array {
  const result = new Float64Array(values.length);
  PSF.values.forEach((weight, tap) => {
    const [dz, dy, dx] = positionAt(tap, PSF.shape).map((at) => direction * (at - 1)) as [number, number, number];
    for (let i = 0; i < values.length; i++) {
      const [z, y, x] = positionAt(i, BOX);
      const from = (modulo(z - dz, BOX[0]) * BOX[1] + modulo(y - dy, BOX[1])) * BOX[2] + modulo(x - dx, BOX[2]);
      result[i]! += weight * values[from]!;
    }
  });
  return result;
}
