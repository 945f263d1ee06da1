/** What a run tells of where its time went. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { createDeconvolver } from "kernels/backend.ts";
import { webgpuTest } from "../require.ts";

const box = [8, 12, 16] as const;
const psf = { shape: [1, 3, 3] as const, values: Float32Array.of(0, 1, 0, 1, 4, 1, 0, 1, 0) };
const data = Float32Array.from({ length: 8 * 12 * 16 }, (_, i) => 5 + i % 13);

for (
  const [backend, names] of [["cpu", "upload compute download"], ["webgpu", "upload wait compute download"]] as const
) {
  const register = backend === "webgpu" ? webgpuTest : Deno.test;
  register(`the phases of a run on the ${backend} backend follow each other and make up its time`, async () => {
    const deconvolver = await createDeconvolver(backend, { box, psf });
    const before = performance.timeOrigin + performance.now();
    const { phases = [], kernelSeconds } = await deconvolver.run(data, { iterations: 3 });
    const after = performance.timeOrigin + performance.now();
    await deconvolver.close();
    assertEquals(phases.map(({ name }) => name).join(" "), names);
    // Clocks of Workers begin at times that are known to a millisecond.
    assert(phases[0]!.start > before - 2 && phases.at(-1)!.start + 1000 * phases.at(-1)!.seconds < after + 2);
    phases.slice(1).forEach(({ start }, i) => {
      // Milliseconds since 1970 have 2e-4 ms between neighbouring doubles.
      assertAlmostEquals(start, phases[i]!.start + 1000 * phases[i]!.seconds, 1e-2);
    });
    const seconds = phases.reduce((sum, phase) => sum + (phase.name === "wait" ? 0 : phase.seconds), 0);
    // What is measured besides the phases: a few calls of the clock.
    assertAlmostEquals(seconds, kernelSeconds, 0.05);
  });
}

webgpuTest("timing the passes of an iteration names each kind, and changes no bit of the estimate", async () => {
  const deconvolver = await createDeconvolver("webgpu", { box, psf });
  const plain = await deconvolver.run(data, { iterations: 4 });
  const timed = await deconvolver.run(data, { iterations: 4, timePasses: true });
  await deconvolver.close();
  assertEquals(plain.passes, undefined);
  assertEquals(timed.estimate, plain.estimate);
  // An adapter without a clock has none to tell.
  if (!timed.passes) return;
  assert(timed.passes.length >= 3, JSON.stringify(timed.passes));
  assertEquals(new Set(timed.passes.map(({ label }) => label)).size, timed.passes.length);
  assertAlmostEquals(timed.passes.reduce((sum, { share }) => sum + share, 0), 1, 1e-9);
});
