import { assert, assertEquals, assertRejects } from "@std/assert";
import { DeviceBuffers } from "kernels/webgpu/device/buffers.ts";
import { PipelineCache } from "kernels/webgpu/device/encoder.ts";
import type { Shader } from "kernels/webgpu/wgsl/shader.ts";
import { ClearstackError } from "shared/errors.ts";
import { webgpuTest } from "../../require.ts";
import { testGpu } from "./device_harness.ts";

Deno.test("a device out of memory names the bytes that were needed and keeps nothing", async () => {
  const destroyed: string[] = [];
  const scopes: string[] = [];
  const device = {
    pushErrorScope: (scope: string) => scopes.push(scope),
    popErrorScope: () =>
      Promise.resolve(scopes.pop() === "out-of-memory" ? { message: "Not enough memory left." } : null),
    createBuffer: ({ label, size }: GPUBufferDescriptor) => ({ size, destroy: () => destroyed.push(label!) }),
  };
  const requests = ["estimate", "data"].map((name) => ({ name, bytes: 1000, usage: 8 }));
  // A stand-in for the few methods that allocating calls: a real device cannot be brought out of memory at will.
  const attempt = () => new DeviceBuffers(device as unknown as GPUDevice).allocate(requests);
  const error = await assertRejects(attempt, ClearstackError);
  assertEquals(error.kind, "device-memory");
  assert(error.message.includes("2000 bytes"), error.message);
  assertEquals(destroyed, ["estimate", "data"]);
  assertEquals(scopes, []);
});

webgpuTest("a buffer beyond the limits of the device is refused", async () => {
  const { device, limits } = await testGpu();
  const requests = [{ name: "huge", bytes: limits.maxBufferSize + 5, usage: GPUBufferUsage.STORAGE }];
  await assertRejects(() => new DeviceBuffers(device).allocate(requests), ClearstackError);
});

webgpuTest("a shader that does not compile is reported with line and reason", async () => {
  const { device } = await testGpu();
  const shader: Shader = {
    label: "broken",
    code: "@compute @workgroup_size(1)\nfn main() { let a: f32 = unknown_name; }",
    bindings: [],
    workgroupSize: [1, 1],
    sharedBytes: 0,
  };
  const passes = [{ shader, resources: [], grid: [1, 1] as const }];
  const attempt = () => new PipelineCache(device).prepare(passes, new DeviceBuffers(device));
  const error = await assertRejects(attempt, ClearstackError);
  assertEquals(error.kind, "internal");
  assert(error.message.includes("broken") && error.message.includes("unknown_name"), error.message);
});
