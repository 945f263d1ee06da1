import { assertEquals, assertRejects } from "@std/assert";
import { createWebGpuDeconvolver } from "kernels/webgpu/deconvolver.ts";
import { programOptions, type Tuning } from "kernels/webgpu/program/rl_program.ts";
import { SharedTunings, type TuningSubject } from "kernels/webgpu/tuning/shared_tunings.ts";
import { tuningCandidates } from "kernels/webgpu/tuning/tuning_choice.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { randomVolume } from "../../../reference/random_volume.ts";
import { webgpuTest } from "../../../require.ts";

const SUBJECT: TuningSubject = { box: [512, 512, 512], method: programOptions({}), limitCaps: undefined };

/** Opens lanes that measure in a few turns of the event loop, each something else. */
function lanes() {
  const given: (Tuning | undefined)[] = [];
  const open = async (known: Tuning | undefined) => {
    given.push(known);
    const columns = 4 * given.length;
    await new Promise((resolve) => setTimeout(resolve));
    return { tuning: known ?? { columns } };
  };
  return { given, open };
}

Deno.test("lanes that open at the same time, and later ones, share the tuning that the first measures", async () => {
  const tunings = new SharedTunings();
  const { given, open } = lanes();
  const opened = await Promise.all([
    tunings.open(SUBJECT, open),
    tunings.open({ ...SUBJECT, box: [512, 512, 512] }, open),
  ]);
  opened.push(await tunings.open(SUBJECT, open));
  assertEquals(opened.map(({ tuning }) => tuning), Array(3).fill({ columns: 4 }));
  assertEquals(given, [undefined, { columns: 4 }, { columns: 4 }]);
});

Deno.test("another box, program or cap is measured by itself", async () => {
  const tunings = new SharedTunings();
  const { given, open } = lanes();
  await tunings.open(SUBJECT, open);
  await tunings.open({ ...SUBJECT, box: [256, 512, 512] }, open);
  await tunings.open({ ...SUBJECT, method: programOptions({ acceleration: "shb" }) }, open);
  await tunings.open({ ...SUBJECT, limitCaps: { maxBufferSize: 1024 } }, open);
  assertEquals(given, Array(4).fill(undefined));
});

Deno.test("a measurement that fails is not remembered, and whoever waited measures for itself", async () => {
  const tunings = new SharedTunings();
  const { given, open } = lanes();
  const lost = tunings.open(SUBJECT, () => Promise.reject(new Error("device lost")));
  const waiting = tunings.open(SUBJECT, open);
  await assertRejects(() => lost, Error, "lost");
  await waiting;
  await tunings.open(SUBJECT, open);
  assertEquals(given, [undefined, undefined]);
});

webgpuTest("lanes of different tunings give the same bytes", async () => {
  const box: Vec3 = [16, 10, 64];
  const psf = {
    shape: [3, 3, 3] as Vec3,
    values: Float32Array.from(randomVolume([3, 3, 3], 5), (value) => value + 0.1),
  };
  const data = Uint16Array.from(randomVolume(box, 7), (value) => 1000 * value);
  assertEquals(data.length, voxelCount(box));
  const estimates: Float32Array[] = [];
  for (const [lane, tuning] of [{}, { slabPlanes: 4 }, ...tuningCandidates(box)].entries()) {
    const deconvolver = await createWebGpuDeconvolver({ box, psf, tuning, lane: lane % 2 });
    estimates.push((await deconvolver.run(data, { iterations: 2 })).estimate);
    await deconvolver.close();
  }
  for (const estimate of estimates) assertEquals(estimate, estimates[0]);
});
