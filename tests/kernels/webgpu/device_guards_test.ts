import { assert, assertEquals, assertRejects } from "@std/assert";
import { DeviceBuffers } from "kernels/webgpu/device/buffers.ts";
import { PipelineCache, type PreparedPass } from "kernels/webgpu/device/encoder.ts";
import { cappedLimits, DEFAULT_LIMITS, type GpuLimits, platformCaps } from "kernels/webgpu/device/limits.ts";
import { retrySmaller } from "kernels/webgpu/device/retry_smaller.ts";
import { tryBuffer } from "kernels/webgpu/device/try_buffer.ts";
import { boxLayout } from "kernels/webgpu/program/layout.ts";
import type { Pass } from "kernels/webgpu/program/pass.ts";
import { Runner } from "kernels/webgpu/runner.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { LARGE_GPU } from "../../../infra/bench/gpu/traffic.ts";
import { randomVolume } from "../../reference/random_volume.ts";
import { webgpuTest } from "../../require.ts";
import { testGpu } from "./device_harness.ts";

/** As a driver that skips the dispatches of one kernel and says nothing. */
class SkippingPipelines extends PipelineCache {
  readonly #skipped: string;

  constructor(device: GPUDevice, skipped: string) {
    super(device);
    this.#skipped = skipped;
  }

  override async prepare(passes: readonly Pass[], buffers: DeviceBuffers): Promise<PreparedPass[]> {
    const prepared = await super.prepare(passes, buffers);
    return prepared.map((pass) => (pass.label === this.#skipped ? { ...pass, grid: [0, 0] } : pass));
  }
}

webgpuTest("a kernel of the PSF's transform that a driver skips in silence is found", async () => {
  const gpu = await testGpu();
  const psf = { shape: [3, 3, 3] as Vec3, values: Float32Array.from(randomVolume([3, 3, 3], 5), Math.abs) };
  const options = { box: [8, 8, 8] as Vec3, psf, tuning: {} };
  (await Runner.create(gpu, new PipelineCache(gpu.device), options)).destroy();
  for (const skipped of ["x start float32 estimate", "y transform", "z multiply"]) {
    const pipelines = new SkippingPipelines(gpu.device, skipped);
    const error = await assertRejects(() => Runner.create(gpu, pipelines, options), ClearstackError);
    assertEquals(error.kind, "no-device", skipped);
    assert(error.message.includes("must be 1"), error.message);
  }
});

Deno.test("workgroups keep to 256 invocations on macOS, and to the adapter's elsewhere", () => {
  const invocations = (platform: string) =>
    cappedLimits(LARGE_GPU, platformCaps(platform)).maxComputeInvocationsPerWorkgroup;
  assertEquals(["MacIntel", "Linux x86_64", "Win32"].map(invocations), [256, 1024, 1024]);
});

/** A device that has memory for buffers of up to 256 MiB only. */
function deviceWithWindow() {
  const sizes: number[] = [];
  const scopes: string[] = [];
  let refused = false;
  const device = {
    pushErrorScope: (scope: string) => scopes.push(scope),
    popErrorScope: () => {
      const isMemory = scopes.pop() === "out-of-memory";
      const error = isMemory && refused ? { message: "Not enough memory left." } : null;
      if (isMemory) refused = false;
      return Promise.resolve(error);
    },
    createBuffer: ({ size }: GPUBufferDescriptor) => {
      sizes.push(size);
      refused ||= size > 256 * 2 ** 20;
      return { size, destroy: () => {} };
    },
  };
  // A stand-in for the few methods that allocating calls: no real device refuses memory at will.
  return { device: device as unknown as GPUDevice, sizes };
}

/** Allocates a volume of 512 MiB as a runner does, in as few buffers as limits allow. */
async function allocateVolume(device: GPUDevice, limits: GpuLimits): Promise<number> {
  const { parts, partBytes } = boxLayout([512, 512, 512], limits);
  const requests = Array.from({ length: parts }, (_, part) => ({ name: `part ${part}`, bytes: partBytes, usage: 8 }));
  await new DeviceBuffers(device).allocate(requests);
  return parts;
}

Deno.test("memory refused for one large buffer is asked for again in buffers of 128 MiB", async () => {
  const { device, sizes } = deviceWithWindow();
  assertEquals(await retrySmaller(LARGE_GPU, (limits) => allocateVolume(device, limits)), 4);
  assertEquals(sizes, [2 ** 29, 2 ** 27, 2 ** 27, 2 ** 27, 2 ** 27]);
});

Deno.test("memory is asked for twice at most, and not again where a box cannot be cut or another error came", async () => {
  const attempts: number[] = [];
  const refuse = (error: (attempt: number) => Error) => async (limits: GpuLimits) => {
    await Promise.resolve();
    throw error(attempts.push(limits.maxBufferSize));
  };
  const full = new ClearstackError("device-memory", "the GPU ran out of memory");
  const cases = [
    { make: refuse(() => full), tries: 2 },
    { make: refuse((n) => n === 1 ? full : new ClearstackError("over-budget", "no equal cut")), tries: 2 },
    { make: refuse(() => full), tries: 1, limits: { ...DEFAULT_LIMITS, maxBufferSize: 2 ** 27 } },
  ];
  for (const { make, tries, limits = LARGE_GPU } of cases) {
    attempts.length = 0;
    const error = await assertRejects(() => retrySmaller(limits, make), ClearstackError);
    assertEquals([error.kind, error.message, attempts.length], ["device-memory", full.message, tries]);
  }
  attempts.length = 0;
  const lost = refuse(() => new ClearstackError("device-lost", "gone"));
  assertEquals((await assertRejects(() => retrySmaller(LARGE_GPU, lost), ClearstackError)).kind, "device-lost");
  assertEquals(attempts.length, 1);
});

webgpuTest("a large buffer is tried by writing to its end, and a refusal is what is found", async () => {
  const { device } = await testGpu();
  assertEquals(await tryBuffer(device, 2 ** 24), { bytes: 2 ** 24 });
  const { problem } = await tryBuffer(deviceWithWindow().device, 2 ** 29);
  assert(problem?.includes("Not enough memory left"), problem);
});
