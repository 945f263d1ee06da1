import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { createCpuDeconvolver } from "kernels/cpu/deconvolver.ts";
import type { Deconvolver, DeconvolverOptions } from "kernels/deconvolver.ts";
import { createWebGpuDeconvolver } from "kernels/webgpu/deconvolver.ts";
import { wholeBox } from "kernels/part.ts";
import { ClearstackError } from "shared/errors.ts";
import { copyBox } from "shared/volume/copy_box.ts";
import { type Box, voxelCount } from "shared/volume/geometry.ts";
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

function returnedPart(
  register: (name: string, fn: () => Promise<void>) => void,
  name: string,
  make: (options: DeconvolverOptions) => Promise<Deconvolver>,
) {
  register(`${name}: only the part of the estimate that is asked for is given back, the same bytes`, async () => {
    const deconvolver = await make(OPTIONS);
    try {
      const data = Uint16Array.from({ length: 512 }, (_, i) => i % 37);
      const { estimate } = await deconvolver.run(data, { iterations: 2 });
      const parts: Box[] = [
        { start: [2, 1, 3], shape: [5, 6, 4] },
        { start: [0, 0, 0], shape: [8, 8, 8] },
        { start: [7, 7, 7], shape: [1, 1, 1] },
        { start: [4, 0, 0], shape: [4, 8, 8] },
      ];
      for (const returned of parts) {
        const expected = new Float32Array(voxelCount(returned.shape));
        copyBox({ box: wholeBox(OPTIONS.box), values: estimate }, { box: returned, values: expected });
        const into = new Float32Array(new SharedArrayBuffer(expected.byteLength) as unknown as ArrayBuffer);
        assertEquals((await deconvolver.run(data, { iterations: 2, returned })).estimate, expected);
        assertEquals([...(await deconvolver.run(data, { iterations: 2, returned, into })).estimate], [...expected]);
      }
      const outside = { start: [4, 0, 0], shape: [5, 8, 8] } as const;
      const beyond = () => deconvolver.run(data, { iterations: 2, returned: outside });
      assertEquals((await assertRejects(beyond, ClearstackError)).kind, "invalid-request");
    } finally {
      await deconvolver.close();
    }
  });
}

returnedPart(Deno.test, "cpu", createCpuDeconvolver);
returnedPart(webgpuTest, "webgpu", createWebGpuDeconvolver);
// A plane takes 256 bytes.
returnedPart(
  webgpuTest,
  "webgpu, in 4 buffers",
  (options) => createWebGpuDeconvolver({ ...options, limitCaps: { maxStorageBufferBindingSize: 512 } }),
);

checks(Deno.test, "cpu", createCpuDeconvolver);
checks(webgpuTest, "webgpu", createWebGpuDeconvolver);
