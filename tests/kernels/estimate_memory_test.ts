import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { createCpuDeconvolver } from "kernels/cpu/deconvolver.ts";
import type { Deconvolver, DeconvolverOptions } from "kernels/deconvolver.ts";
import { createWebGpuDeconvolver } from "kernels/webgpu/deconvolver.ts";
import { ClearstackError } from "shared/errors.ts";
import { webgpuTest } from "../require.ts";

const OPTIONS: DeconvolverOptions = { box: [8, 8, 8], psf: { shape: [1, 1, 3], values: Float32Array.of(1, 2, 1) } };

function checks(
  register: (name: string, fn: () => Promise<void>) => void,
  name: string,
  make: (options: DeconvolverOptions) => Promise<Deconvolver>,
) {
  register(`${name}: an estimate lies where it is asked for, shared between threads or not`, async () => {
    const deconvolver = await make(OPTIONS);
    try {
      const data = Uint16Array.from({ length: 512 }, (_, i) => i % 37);
      const { estimate } = await deconvolver.run(data, { iterations: 2 });
      for (const buffer of [new ArrayBuffer(4 * 600), new SharedArrayBuffer(4 * 600)]) {
        const into = new Float32Array(buffer as ArrayBuffer, 0, 512).fill(7);
        const result = await deconvolver.run(data, { iterations: 2, into });
        assertStrictEquals(result.estimate, into);
        assertEquals([...into], [...estimate]);
        assert((await deconvolver.run(new Uint16Array(512), { iterations: 1, into })).estimate.every((v) => v === 0));
      }
      const short = () => deconvolver.run(data, { iterations: 2, into: new Float32Array(500) });
      assertEquals((await assertRejects(short, ClearstackError)).kind, "invalid-request");
    } finally {
      await deconvolver.close();
    }
  });
}

checks(Deno.test, "cpu", createCpuDeconvolver);
checks(webgpuTest, "webgpu", createWebGpuDeconvolver);
