/** What lies outside the image takes as many voxels as the PSF reaches, and no more. */
import { assert, assertEquals } from "@std/assert";
import { type ArrayImage, deconvolve, planJob } from "@clearstack/clearstack";
import { createDeconvolver } from "kernels/backend.ts";
import type { Boundary } from "shared/contract/algorithm.ts";
import { fastBox } from "shared/plan/fast_size.ts";
import { copyBox } from "shared/volume/copy_box.ts";
import { mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { randomVolume } from "../reference/random_volume.ts";
import { memoryUrl } from "../fixtures/memory_url.ts";
import { readWhole } from "../fixtures/read_whole.ts";
import { webgpuTest } from "../require.ts";
import { openImage } from "../stores.ts";
import { writeZarr } from "./sample_image.ts";

const SHAPE: Vec3 = [9, 22, 26];
/** Bright structure on a dim ground, up to the faces. */
const VOXELS = Float32Array.from(randomVolume(SHAPE, 3), (u) => 5 + 1000 * u ** 8);
/** As bright at its rim as in its middle, so that its energy reaches as far as its array. */
const PSF_SHAPE: Vec3 = [5, 7, 7];
const PSF_VALUES = Float32Array.from(randomVolume(PSF_SHAPE, 4), (u) => 0.5 + u);
const array = (data: Float32Array, shape: Vec3): ArrayImage => ({ data, shape, axes: "zyx" });

/** A box so large that nothing wraps around, whatever the planner would take. */
async function inHugeBox(backend: "cpu" | "webgpu", iterations: number, mean: number): Promise<Float32Array> {
  const box = fastBox(mapAxes((axis) => SHAPE[axis] + 4 * PSF_SHAPE[axis]));
  const observed = { start: mapAxes((axis) => 2 * PSF_SHAPE[axis]), shape: SHAPE };
  const data = new Float32Array(voxelCount(box));
  const whole = { start: [0, 0, 0] as Vec3, shape: box };
  copyBox({ box: observed, values: VOXELS }, { box: whole, values: data });
  const options = {
    box,
    psf: { shape: PSF_SHAPE, values: PSF_VALUES },
    nonCirculant: true,
    acceleration: "shb",
  } as const;
  const scale = VOXELS.reduce((a, b) => Math.max(a, b));
  const deconvolver = await createDeconvolver(backend, { ...options, scale });
  const { estimate } = await deconvolver.run(data, { iterations, observed, mean, start: "flat" });
  await deconvolver.close();
  const core = new Float32Array(voxelCount(SHAPE));
  copyBox({ box: whole, values: estimate }, { box: observed, values: core });
  return core;
}

async function exactWithUnknownEdges(backend: "cpu" | "webgpu"): Promise<void> {
  const settings = { algorithm: { iterations: 12 }, backend } as const;
  const [image, psf] = [array(VOXELS, SHAPE), array(PSF_VALUES, PSF_SHAPE)];
  const { plan } = await planJob(image, psf, settings);
  assertEquals(plan.box, fastBox(mapAxes((axis) => SHAPE[axis] + PSF_SHAPE[axis] - 1)));
  const { data, provenance } = await deconvolve(image, psf, settings);
  const { mean } = provenance.decisions as { mean: number };
  const expected = await inHugeBox(backend, 12, mean);
  const peak = expected.reduce((a, b) => Math.max(a, b));
  const largest = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - data[i]!)), 0);
  // Both round to float32 in transforms of different lengths, and accelerated iterations carry that on: 1e-5 of the peak.
  assert(largest < 2e-5 * peak, `${largest / peak} of the peak`);
}

Deno.test("unknown edges are exact in a box of N + P - 1 voxels", () => exactWithUnknownEdges("cpu"));
webgpuTest("unknown edges are exact in a box of N + P - 1 voxels on webgpu", () => exactWithUnknownEdges("webgpu"));

Deno.test("a flat image stays flat up to its faces, by every rule for what lies outside", async () => {
  const flat = array(new Float32Array(voxelCount(SHAPE)).fill(70), SHAPE);
  for (const boundary of ["periodic", "symmetric", "nearest", "non-circulant"] as const satisfies Boundary[]) {
    const { data } = await deconvolve(flat, array(PSF_VALUES, PSF_SHAPE), { algorithm: { boundary }, backend: "cpu" });
    // Steps multiply by 1 but for the rounding of transforms, some 1e-6 in each of 20. Unknown voxels of which the image tells less
    // than a hundredth are left at 0, which corners miss: 1 % at most.
    const tolerance = boundary === "non-circulant" ? 0.7 : 2e-3;
    const [least, most] = [Math.min(...data), Math.max(...data)];
    assert(least > 70 - tolerance && most < 70 + tolerance, `${boundary}: ${least} to ${most}`);
  }
});

Deno.test("what a sample of the image has not met is deconvolved too, however the first estimate is made", async () => {
  // One of 128 chunks holds all light; 32 of them are sampled.
  const [shape, chunk] = [[4, 8, 2048], [4, 8, 16]] as const;
  const [first, end] = [77 * 16 + 1, 77 * 16 + 15];
  const values = new Float32Array(4 * 8 * 2048);
  for (const index of values.keys()) if (index % 2048 >= first && index % 2048 < end) values[index] = 100;
  const url = memoryUrl();
  await writeZarr(url, { shape, chunk, values });
  for (const algorithm of [{}, { acceleration: "none", start: "flat" }, { start: "data" }] as const) {
    const output = memoryUrl();
    const psf = array(new Float32Array([1, 2, 1]), [1, 1, 3]);
    const tiling = { tile: [4, 8, 16], halo: [0, 0, 4] } as const;
    // Many places where tiles meet, all of them dark more often than not.
    const settings = { algorithm, tiling, output, backend: "cpu", seamCheck: 64 } as const;
    const { provenance } = await deconvolve({ url }, psf, settings);
    assertEquals((provenance.decisions as { scale?: number }).scale, undefined, "the sample met it");
    const estimate = await readWhole(await openImage({ url: output }));
    const sum = (voxels: Float32Array) => voxels.reduce((total, value) => total + value, 0);
    // Matched iterations keep the light of a box, and share it out anew with what reaches into halos: 1 of 14 columns at each end.
    assert(Math.abs(sum(estimate) / sum(values) - 1) < 0.1, `${JSON.stringify(algorithm)}: ${sum(estimate)}`);
  }
});
