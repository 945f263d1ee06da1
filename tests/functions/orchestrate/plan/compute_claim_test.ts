import { assert, assertEquals, assertThrows } from "@std/assert";
import { computeClaim } from "functions/orchestrate/plan/compute_claim.ts";
import { type JobRequest, JobRequestSchema } from "shared/contract/job_request.ts";
import type { Device } from "shared/contract/device.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { totalBytes } from "shared/plan/host_memory.ts";

const at = { url: "memory:x" };
const usual = JobRequestSchema.parse({ source: at, psf: at, output: at });
const plain = JobRequestSchema.parse({ ...usual, algorithm: { boundary: "symmetric" } });
const rich: JobRequest = {
  ...plain,
  algorithm: { ...plain.algorithm, acceleration: "biggs", boundary: "non-circulant" },
};

const inputs = { dtype: "float32", symmetricPsf: false } as const;

const gpuLimits = {
  maxBufferSize: 2 ** 27,
  maxStorageBufferBindingSize: 2 ** 27,
  maxStorageBuffersPerShaderStage: 8,
};

function device(backend: "cpu" | "webgpu"): Device {
  const bytes = { hostBytes: 2 ** 40, deviceBytes: 2 ** 40 };
  const gpu = backend === "webgpu" ? { gpuLimits } : {};
  return {
    backend,
    adapter: "a test",
    reason: "a test",
    boxesAtOnce: 1,
    computeOnHost: backend === "cpu",
    ...bytes,
    ...gpu,
  };
}

for (const backend of ["cpu", "webgpu"] as const) {
  Deno.test(`${backend} claims at least 16 bytes a voxel, and more for acceleration and unknown edges`, () => {
    const box: Vec3 = [64, 64, 64];
    const [least, most] = [plain, rich].map((request) =>
      totalBytes(computeClaim(device(backend), request, inputs)(box))
    );
    // data, estimate, spectrum and OTF; weights and two volumes of acceleration come on top
    assert(least! >= 16 * 64 ** 3 && most! >= least! + 12 * 64 ** 3, `${least}, ${most}`);
  });

  Deno.test(`a box that ${backend} cannot take however much memory there is, is refused`, () => {
    const claim = computeClaim(device(backend), plain, inputs);
    assertEquals(assertThrows(() => claim([1024, 1024, 1024]), ClearstackError).kind, "over-budget");
  });
}

Deno.test("the defaults claim a volume for the weights of unknown edges and one for heavy-ball momentum", () => {
  const box: Vec3 = [128, 256, 256];
  const claim = computeClaim(device("webgpu"), usual, inputs)(box);
  assertEquals(claim.volumes! / (128 * 256 * 256), 24);
});

Deno.test("webgpu claims 14 bytes a voxel for uint16 data or a symmetric PSF, 12 for both", () => {
  const box: Vec3 = [128, 256, 256];
  const volumes = (dtype: "uint8" | "uint16" | "int16" | "float32", symmetricPsf: boolean) =>
    computeClaim(device("webgpu"), plain, { dtype, symmetricPsf })(box).volumes! / (128 * 256 * 256);
  assertEquals(volumes("float32", false), 16);
  assertEquals(volumes("int16", false), 16);
  assertEquals(volumes("uint8", false), 14);
  assertEquals(volumes("uint16", false), 14);
  assertEquals(volumes("float32", true), 14);
  assertEquals(volumes("uint16", true), 12);
});
