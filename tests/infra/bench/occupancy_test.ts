import { assert, assertEquals } from "@std/assert";
import { cudaSource } from "../../../infra/bench/gpu/occupancy/cuda_kernel.ts";
import { kernelsOfSide } from "../../../infra/bench/gpu/occupancy/main.ts";
import { workgroupsPerMultiprocessor } from "../../../infra/bench/gpu/occupancy/multiprocessor.ts";
import { compile, nvccVersion, resourceUsage } from "../../../infra/bench/gpu/occupancy/nvcc.ts";
import { testUnless } from "../../test_unless.ts";

const missing = await nvccVersion() === undefined ? "no nvcc" : undefined;

Deno.test("whatever of a multiprocessor runs out first bounds its workgroups", () => {
  const small = { threads: 32, registersPerThread: 16, sharedBytes: 0 };
  assertEquals(workgroupsPerMultiprocessor(small), 32);
  assertEquals(workgroupsPerMultiprocessor({ ...small, threads: 1024 }), 2);
  // 64 registers of 1024 threads are all 65,536; a 65th is rounded up to 72, and no workgroup fits.
  assertEquals(workgroupsPerMultiprocessor({ ...small, threads: 1024, registersPerThread: 64 }), 1);
  assertEquals(workgroupsPerMultiprocessor({ ...small, threads: 1024, registersPerThread: 65 }), 0);
  // 233,472 bytes hold four times 49,152 and the 1,024 of the system, not five times.
  assertEquals(workgroupsPerMultiprocessor({ ...small, sharedBytes: 49_152 }), 4);
});

Deno.test("registers, spills and shared memory of each kernel are read from what ptxas prints", () => {
  const text = `ptxas info    : Compiling entry function 'kernel0' for 'sm_90'
ptxas info    : Function properties for kernel0
    8 bytes stack frame, 16 bytes spill stores, 12 bytes spill loads
ptxas info    : Used 72 registers, used 1 barriers, 8 bytes cumulative stack size, 49152 bytes smem
ptxas info    : Compiling entry function 'kernel1' for 'sm_90'
ptxas info    : Function properties for kernel1
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 20 registers, used 0 barriers
`;
  assertEquals([...resourceUsage(text)], [
    ["kernel0", { registersPerThread: 72, spilledBytes: 16, sharedBytes: 49_152 }],
    ["kernel1", { registersPerThread: 20, spilledBytes: 0, sharedBytes: 0 }],
  ]);
});

testUnless(missing, {
  name: "nvcc takes every kernel of an iteration, with the workgroup memory that the generator counts",
  fn: async () => {
    const shaders = kernelsOfSide(16);
    assertEquals(shaders.length, 5);
    const compiled = await compile(cudaSource(shaders));
    shaders.forEach(({ label, sharedBytes }, number) => {
      assertEquals(compiled.get(`kernel${number}`)?.sharedBytes, sharedBytes, label);
    });
  },
});

testUnless(missing, {
  name: "two workgroups of every kernel of an iteration fit a multiprocessor, without spilled registers",
  fn: async () => {
    // CI asks about two of the sides of the table in infra/bench/RESULTS.md, the others take as long again.
    for (const side of [768, 2048]) {
      const shaders = kernelsOfSide(side);
      const compiled = await compile(cudaSource(shaders));
      shaders.forEach(({ label, workgroupSize: [x, y] }, number) => {
        const { spilledBytes, ...needs } = compiled.get(`kernel${number}`)!;
        assertEquals(spilledBytes, 0, `${side}, ${label}`);
        const workgroups = workgroupsPerMultiprocessor({ threads: x * y, ...needs });
        assert(workgroups >= 2, `${side}, ${label}: ${workgroups} workgroups`);
      });
    }
  },
});
