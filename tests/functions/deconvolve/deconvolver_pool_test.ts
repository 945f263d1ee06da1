import { assertEquals, assertRejects } from "@std/assert";
import type { DeconvolverWish } from "functions/deconvolve/pool/deconvolver_pool.ts";
import { DeconvolverPool } from "functions/deconvolve/pool/deconvolver_pool.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { identityKernels } from "../identity_kernels.ts";

const options = { iterations: 1, signal: new AbortController().signal };
const voxels = new Float32Array(8);

function wish(box: Vec3, more: Partial<DeconvolverWish> = {}): DeconvolverWish {
  return {
    backend: "cpu",
    boxesAtOnce: 1,
    psfSha256: "a",
    psf: { shape: [1, 1, 1], values: new Float32Array([1]) },
    box,
    ...more,
  };
}

Deno.test("boxes of one shape share a deconvolver; another shape, PSF or setting gets another", async () => {
  const kernels = identityKernels();
  const pool = new DeconvolverPool(kernels);
  await pool.run(wish([8, 8, 8]), voxels, options);
  await pool.run(wish([8, 8, 8]), voxels, options);
  assertEquals(kernels.made.length, 1);
  await pool.run(wish([8, 8, 10]), voxels, options);
  await pool.run(wish([8, 8, 10], { psfSha256: "b" }), voxels, options);
  await pool.run(wish([8, 8, 10], { psfSha256: "b", acceleration: "biggs" }), voxels, options);
  await pool.run(wish([8, 8, 10], { psfSha256: "b", acceleration: "biggs", nonCirculant: true }), voxels, options);
  assertEquals([kernels.made.length, kernels.open()], [5, 1]);
});

Deno.test("the old deconvolver is closed before the new one takes memory", async () => {
  const kernels = identityKernels();
  const openWhenMade: number[] = [];
  const pool = new DeconvolverPool({
    ...kernels,
    createDeconvolver: (backend, options, lane) => {
      openWhenMade.push(kernels.open());
      return kernels.createDeconvolver(backend, options, lane);
    },
  });
  for (const side of [8, 10, 8]) await pool.run(wish([8, 8, side]), voxels, options);
  assertEquals(openWhenMade, [0, 0, 0]);
});

Deno.test("two boxes at once have a deconvolver each, in lanes of their own, and leave none behind for another shape", async () => {
  const kernels = identityKernels();
  const lanes: number[] = [];
  const pool = new DeconvolverPool({
    ...kernels,
    createDeconvolver: (backend, options, lane) => {
      lanes.push(lane);
      return kernels.createDeconvolver(backend, options, lane);
    },
  });
  const run = (side: number, boxesAtOnce: number) => pool.run(wish([8, 8, side], { boxesAtOnce }), voxels, options);
  await Promise.all([run(8, 2), run(8, 2), run(8, 2)]);
  assertEquals([kernels.mostRunning(), lanes, kernels.open()], [2, [0, 1], 2]);
  await run(10, 1);
  assertEquals([lanes, kernels.open()], [[0, 1, 0], 1]);
  await pool.close();
  assertEquals(kernels.open(), 0);
});

for (const kind of ["device-lost", "device-memory"] as const) {
  Deno.test(`after ${kind} the next run gets a new deconvolver`, async () => {
    const kernels = identityKernels((run) => {
      if (run === 1) throw new ClearstackError(kind, "gone");
    });
    const pool = new DeconvolverPool(kernels);
    await assertRejects(() => pool.run(wish([8, 8, 8]), voxels, options), ClearstackError, "gone");
    assertEquals(kernels.open(), 0);
    await pool.run(wish([8, 8, 8]), voxels, options);
    assertEquals([kernels.made.length, kernels.open()], [2, 1]);
  });
}

Deno.test("a run that fails because of its data keeps the deconvolver", async () => {
  const kernels = identityKernels((run) => {
    if (run === 1) throw new ClearstackError("corrupt-data", "NaN");
  });
  const pool = new DeconvolverPool(kernels);
  await assertRejects(() => pool.run(wish([8, 8, 8]), voxels, options), ClearstackError, "NaN");
  await pool.run(wish([8, 8, 8]), voxels, options);
  assertEquals(kernels.made.length, 1);
});

Deno.test("closing waits for the run under way and frees the device", async () => {
  const kernels = identityKernels();
  const pool = new DeconvolverPool(kernels);
  const run = pool.run(wish([8, 8, 8]), voxels, options);
  await pool.close();
  assertEquals(kernels.open(), 0);
  await run;
});
