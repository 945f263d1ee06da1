/**
 * Runs single passes on the device of the test process.
 */
import { DeviceBuffers } from "kernels/webgpu/device/buffers.ts";
import { type Gpu, openDevice } from "kernels/webgpu/device/gpu_device.ts";
import { encodePasses, PipelineCache } from "kernels/webgpu/device/encoder.ts";
import { withErrorScopes } from "kernels/webgpu/device/error_scopes.ts";
import { type Pass, resourceOf } from "kernels/webgpu/program/pass.ts";
import { SMALL_BYTES } from "kernels/webgpu/stages/parameters.ts";
import type { Shader } from "kernels/webgpu/wgsl/shader.ts";
import { download, stagingRequests } from "kernels/webgpu/device/transfer.ts";

let opened: Promise<Gpu> | undefined;

/** The device of this test file. */
export function testGpu(): Promise<Gpu> {
  opened ??= openDevice();
  return opened;
}

/**
 * Runs one shader whose bindings hold `contents` by name, and returns what the binding `result` holds then; fails on whatever
 * the device reports.
 */
export async function runShader(
  shader: Shader,
  grid: Pass["grid"],
  { contents, result }: {
    contents: Readonly<Record<string, Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>>;
    result: string;
  },
): Promise<Float32Array> {
  const { device } = await testGpu();
  const bytes = contents[result].byteLength;
  const requests = shader.bindings.map(({ name, access }) => ({
    name,
    bytes: Math.max(SMALL_BYTES, contents[name].byteLength),
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC |
      (access === "uniform" ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE),
  }));
  const staging = stagingRequests(bytes);
  const buffers = new DeviceBuffers(device);
  try {
    await buffers.allocate([...requests, ...staging]);
    return await withErrorScopes(device, { what: shader.label, bytes: buffers.bytes }, async () => {
      for (const { name } of requests) device.queue.writeBuffer(buffers.get(name), 0, contents[name]);
      const resources = shader.bindings.map((binding) =>
        resourceOf(binding, { buffer: binding.name, bytes: buffers.get(binding.name).size })
      );
      const prepared = await new PipelineCache(device).prepare([{ shader, resources, grid }], buffers);
      const encoder = device.createCommandEncoder();
      encodePasses(encoder, prepared);
      device.queue.submit([encoder.finish()]);
      const values = new Float32Array(bytes / 4);
      await download(device, buffers.get(result), staging.map(({ name }) => buffers.get(name)), values);
      return values;
    });
  } finally {
    buffers.destroy();
  }
}
