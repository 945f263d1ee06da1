/** The CPU backend where Workers may share no memory, as in a web page that is not cross-origin isolated. */
import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { createCpuDeconvolver } from "kernels/cpu/deconvolver.ts";
import { takeMemory } from "kernels/cpu/spare_memory.ts";
import type { DeconvolverOptions } from "kernels/deconvolver.ts";
import { ClearstackError } from "shared/errors.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";

const BOX: Vec3 = [8, 24, 40];
const PSF = { shape: [1, 3, 5], values: Float32Array.from({ length: 15 }, (_, i) => 1 + (i * 7) % 5) } as const;
const DATA = Float32Array.from({ length: voxelCount(BOX) }, (_, i) => 10 + (i % 97 === 0 ? 500 : (i * 31) % 17));

/** Calls as a page would that the browser hides SharedArrayBuffer from. */
async function withoutSharing<T>(call: () => Promise<T>): Promise<T> {
  // The one that is kept for the next deconvolver is shared.
  takeMemory(1);
  const hidden = Object.getOwnPropertyDescriptor(globalThis, "SharedArrayBuffer")!;
  Reflect.deleteProperty(globalThis, "SharedArrayBuffer");
  try {
    return await call();
  } finally {
    Object.defineProperty(globalThis, "SharedArrayBuffer", hidden);
  }
}

const OPTIONS: DeconvolverOptions = { box: BOX, psf: PSF, nonCirculant: true, acceleration: "biggs" };

Deno.test("one thread that shares no memory gives the bytes that many give", async () => {
  const many = await createCpuDeconvolver(OPTIONS);
  const { estimate: expected } = await many.run(DATA, { iterations: 6 });
  await many.close();
  await withoutSharing(async () => {
    const own = await createCpuDeconvolver(OPTIONS);
    assertEquals(own.adapter, "CPU, WebAssembly SIMD, 1 thread");
    const { estimate } = await own.run(DATA, { iterations: 6 });
    await own.close();
    assertEquals(estimate, expected);
  });
});

Deno.test("a run of the own thread stops between iterations, and the next one is not harmed", async () => {
  await withoutSharing(async () => {
    const own = await createCpuDeconvolver({ box: BOX, psf: PSF });
    const stop = new AbortController();
    let done = 0;
    const run = own.run(DATA, {
      iterations: 100_000,
      signal: stop.signal,
      onIterations: (count) => {
        done = count;
        stop.abort();
      },
    });
    await assertRejects(() => run, ClearstackError, "cancelled");
    assertLess(done, 100_000);
    const { estimate } = await own.run(DATA, { iterations: 1 });
    assertEquals(estimate.length, DATA.length);
    const closed = own.run(DATA, { iterations: 100_000 });
    setTimeout(() => void own.close(), 50);
    await assertRejects(() => closed, ClearstackError, "closed");
  });
});
