/** Runs that are cancelled when all of their iterations are done. */
import { assertEquals, assertRejects } from "@std/assert";
import { createDeconvolver } from "kernels/backend.ts";
import { ClearstackError } from "shared/errors.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { webgpuTest } from "../require.ts";

const BOX: Vec3 = [8, 9, 10];
const PSF = { shape: [3, 3, 3] as Vec3, values: new Float32Array(27).fill(1) };
const DATA = new Float32Array(voxelCount(BOX)).fill(3);

for (const backend of ["cpu", "webgpu"] as const) {
  const register = backend === "webgpu" ? webgpuTest : Deno.test;
  register(
    `a run on the ${backend} backend that is cancelled while it hands its estimate over is cancelled`,
    async () => {
      const deconvolver = await createDeconvolver(backend, { box: BOX, psf: PSF });
      const controller = new AbortController();
      let given = 0;
      const into = new class extends Float32Array {
        override set(values: ArrayLike<number>, offset?: number): void {
          super.set(values, offset);
          given++;
          controller.abort();
        }
      }(DATA.length);
      const run = () => deconvolver.run(DATA, { iterations: 2, into, signal: controller.signal });
      assertEquals((await assertRejects(run, ClearstackError)).kind, "cancelled");
      assertEquals(given, 1);
      const { estimate } = await deconvolver.run(DATA, { iterations: 2 });
      assertEquals(estimate.length, DATA.length);
      await deconvolver.close();
    },
  );
}

webgpuTest(
  "a run on the webgpu backend that is cancelled once it has told of its last iteration is cancelled",
  async () => {
    const deconvolver = await createDeconvolver("webgpu", { box: BOX, psf: PSF });
    const controller = new AbortController();
    let told = 0;
    const onIterations = (done: number) => {
      told = done;
      if (done === 5) controller.abort();
    };
    const run = () => deconvolver.run(DATA, { iterations: 5, signal: controller.signal, onIterations });
    assertEquals((await assertRejects(run, ClearstackError)).kind, "cancelled");
    assertEquals(told, 5);
    await deconvolver.close();
  },
);
