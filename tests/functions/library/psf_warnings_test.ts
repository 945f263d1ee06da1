/** PSF and image compared, as every program, command and job has them compared. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type ArrayImage, ClearstackError, deconvolve, planJob } from "@clearstack/clearstack";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import { gaussianPsf } from "shared/psf/generate/gaussian_psf.ts";
import { rolled } from "shared/psf/centring.ts";
import type { PsfSamples } from "shared/psf/psf_volume.ts";
import { openStore } from "../../stores.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { holdRequest } from "functions/library/local_request.ts";
import { referenceBlur } from "../../reference/blur.ts";
import { identityJobs } from "../identity_jobs.ts";

const CPU = { algorithm: { iterations: 10 }, backend: "cpu" } as const;
const SIZE = [0.3, 0.1, 0.1];

function psfOf({ shape, values }: PsfSamples, voxelSize: readonly number[] = SIZE): ArrayImage {
  return { data: Float32Array.from(values), shape: [...shape], axes: "zyx", voxelSize };
}

const RIGHT = gaussianPsf([9, 11, 11], [1.2, 1.5, 1.5]);

const RIGHT_32 = { shape: RIGHT.shape, values: Float32Array.from(RIGHT.values) };

/** Lines and a point, blurred by the right PSF. */
const IMAGE: ArrayImage = (() => {
  const shape: Vec3 = [16, 32, 40];
  const object = new Float64Array(16 * 32 * 40).fill(20);
  for (let i = 8; i < 24; i++) {
    object[(8 * 32 + i) * 40 + 20] = 400;
    object[(5 * 32 + 20) * 40 + i + 8] = 300;
  }
  object[(11 * 32 + 8) * 40 + 32] = 3000;
  return {
    data: Float32Array.from(referenceBlur(RIGHT_32, shape).forward(object)),
    shape: [...shape],
    axes: "zyx",
    voxelSize: SIZE,
  };
})();

/** Largest difference, relative to the peak. */
function difference(one: Float32Array, other: Float32Array): number {
  const peak = other.reduce((most, value) => Math.max(most, value), 0);
  return one.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i]!)), 0) / peak;
}

const codes = (found: readonly { readonly code: string }[]) => found.map(({ code }) => code);

Deno.test("a right PSF raises no warning, and a strict job takes it", async () => {
  assertEquals((await deconvolve(IMAGE, psfOf(RIGHT), { ...CPU, strict: true })).warnings, []);
});

Deno.test("a PSF of another voxel size gives nearly what the right one gives, and the plan says that it was resampled", async () => {
  const right = await deconvolve(IMAGE, psfOf(RIGHT), CPU);
  const others: [Vec3, Vec3, number[]][] = [
    [[27, 11, 11], [3.6, 1.5, 1.5], [0.1, 0.1, 0.1]],
    [[9, 21, 21], [1.2, 3, 3], [0.3, 0.05, 0.05]],
    [[9, 9, 9], [1.2, 1, 1], [0.3, 0.15, 0.15]],
    [[27, 11, 11], [3.6, 1.5, 1.5], [100, 100, 100]],
  ];
  for (const [shape, sigma, voxelSize] of others) {
    const unit = voxelSize[0] === 100 ? { unit: "nanometer" } : {};
    const psf = { ...psfOf(gaussianPsf(shape, sigma), voxelSize), ...unit };
    const found = await deconvolve(IMAGE, psf, CPU);
    const [note] = found.warnings;
    assertEquals([note?.code, note?.level, note?.limit], ["psf-resampled", "note", SIZE]);
    // Means over voxels become means over other voxels: what is left is interpolation, and the light beyond the arrays, up to
    // 1e-3 of the PSF, which ten iterations enlarge about tenfold.
    assert(difference(found.data, right.data) < 2e-2, `${difference(found.data, right.data)} at ${voxelSize}`);
    const kept = await deconvolve(IMAGE, psf, { ...CPU, psfSpacing: "keep" });
    assert(codes(kept.warnings).includes("psf-spacing-kept"));
    assert(difference(kept.data, right.data) > 0.1);
  }
});

Deno.test("voxel sizes within 2 % are the same, those beyond a factor of 4 are refused, naming both", async () => {
  const plan = (voxelSize: number[], more = {}) => planJob(IMAGE, psfOf(RIGHT, voxelSize), { ...CPU, ...more });
  assertEquals((await plan([0.305, 0.0985, 0.1])).plan.warnings, []);
  assertEquals(codes((await plan([0.307, 0.1, 0.1])).plan.warnings), ["psf-resampled"]);
  for (const far of [[1.3, 0.1, 0.1], [0.3, 0.02, 0.1]]) {
    const error = await assertRejects(() => plan(far), ClearstackError);
    assertEquals([error.kind, error.limit], ["invalid-request", 4]);
    assert(error.message.includes(far.join(", ")) && error.message.includes("0.3, 0.1, 0.1"), error.message);
    assertEquals(codes((await plan(far, { psfSpacing: "keep" })).plan.warnings), ["psf-spacing-kept"]);
  }
});

Deno.test("a voxel size that only one of them states is warned of", async () => {
  const unstated = ({ voxelSize: _, ...array }: ArrayImage) => array;
  for (const [image, psf] of [[IMAGE, unstated(psfOf(RIGHT))], [unstated(IMAGE), psfOf(RIGHT)]] as const) {
    assertEquals(codes((await planJob(image, psf, CPU)).plan.warnings), ["psf-spacing-unknown"]);
    await assertRejects(() => planJob(image, psf, { ...CPU, strict: true }), ClearstackError, "voxel size");
  }
  assertEquals((await planJob(unstated(IMAGE), unstated(psfOf(RIGHT)), CPU)).plan.warnings, []);
});

Deno.test("what is wrong with a PSF stands in plan, result, provenance and status, and a strict job refuses it", async () => {
  const off = psfOf(rolled(RIGHT, [0, 2, 9]));
  const { plan } = await planJob(IMAGE, off, CPU);
  const [warning] = plan.warnings.filter(({ code }) => code === "psf-off-centre");
  assertEquals((warning!.value as number[]).map((shift) => Math.round(shift * 100) / 100), [0, 2, -2]);
  const result = await deconvolve(IMAGE, off, { ...CPU, algorithm: { iterations: 1 } });
  assertEquals(codes(result.warnings), codes(plan.warnings));
  assertEquals(codes(result.provenance.warnings as never), codes(plan.warnings));
  const error = await assertRejects(() => deconvolve(IMAGE, off, { ...CPU, strict: true }), ClearstackError);
  assertEquals([error.kind, error.exitStatus, error.path], ["invalid-request", 2, "strict"]);
  assert(error.message.includes("off-centre"), error.message);

  const { request, release } = await holdRequest({ ...CPU, source: IMAGE, psf: off });
  const runner = await LocalJobRunner.start({ deps: identityJobs(), store: openStore("memory:warned"), log: () => {} });
  assertEquals(codes((await runner.plan(request)).warnings), codes(plan.warnings));
  const status = await runner.submit(request);
  assertEquals(codes(status.warnings ?? []), codes(plan.warnings));
  const events = await Array.fromAsync(await runner.events(status.id));
  assert(events.some(({ message }) => message?.startsWith("warning: the PSF") && message.includes("off-centre")));
  await runner.close();
  await release();
});

Deno.test("an array is no PSF of itself, and a copy of it may be", async () => {
  const psf = psfOf(RIGHT);
  const error = await assertRejects(() => planJob(psf, psf, CPU), ClearstackError, "image itself");
  assertEquals([error.kind, error.path], ["invalid-request", "psf"]);
  await assertRejects(() => planJob(psf, [psfOf(RIGHT), psf], CPU), ClearstackError, "image itself");
  assertEquals((await planJob(psf, psfOf(RIGHT), CPU)).plan.voxels, 9 * 11 * 11);
});
