/** Whether a process says that it is ready only where a kernel has been run and was right. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createDeconvolveApp } from "functions/deconvolve/app.ts";
import { checkKernel } from "functions/deconvolve/startup/kernel_check.ts";
import { createReadiness } from "functions/deconvolve/startup/readiness.ts";
import { createDeconvolver } from "kernels/backend.ts";
import type { Device } from "shared/contract/device.ts";
import { ClearstackError } from "shared/errors.ts";
import { identityJobs } from "../identity_jobs.ts";
import { identityKernels } from "../identity_kernels.ts";
import { slowWebgpuTest } from "../../require.ts";

Deno.test("the CPU kernels pass the check", () => checkKernel((options) => createDeconvolver("cpu", options)));

slowWebgpuTest("the GPU kernels pass the check", () => checkKernel((options) => createDeconvolver("webgpu", options)));

Deno.test("kernels that give wrong numbers do not pass, and what they held is freed", async () => {
  const kernels = identityKernels();
  const check = () => checkKernel((options) => kernels.createDeconvolver("cpu", options, 0));
  const error = await assertRejects(check, ClearstackError, "the kernels on identity are off by");
  assertEquals([error.kind, kernels.open()], ["no-device", 0]);
});

Deno.test("kernels whose PSF is mirrored do not pass", async () => {
  const check = () =>
    checkKernel((options) => {
      const { shape, values } = options.psf;
      return createDeconvolver("cpu", { ...options, psf: { shape, values: values.toReversed() } });
    });
  await assertRejects(check, ClearstackError, "of the maximum");
});

async function describe(change: Partial<Device>): Promise<Device> {
  return { ...await identityJobs().device("auto"), ...change };
}

const make = createDeconvolver;

for (
  const [what, change] of [
    ["the CPU", { backend: "cpu", adapter: "CPU, WebAssembly SIMD", reason: "WebGPU found no adapter" }],
    ["a software adapter", {
      backend: "webgpu",
      adapter: "llvmpipe",
      reason: "it is the only one",
      computeOnHost: true,
    }],
  ] as const
) {
  Deno.test(`a node that must have a GPU is not ready on ${what}, and says why`, async () => {
    const app = createDeconvolveApp({
      ...identityJobsFunctions(),
      device: () => describe(change),
      ready: createReadiness({ device: () => describe(change), make, requireGpu: true }),
      log: () => {},
    });
    const answer = await app.request("/readyz");
    const { detail } = await answer.json();
    assertEquals(answer.status, 503);
    assert(detail.includes(change.adapter) && detail.includes(change.reason), detail);
    assertEquals((await app.request("/healthz")).status, 200);
  });
}

Deno.test("success is remembered, a failure is looked into again", async () => {
  let made = 0;
  let broken = true;
  const ready = createReadiness({
    device: () => describe({ backend: "cpu" }),
    make: (backend, options) => {
      made++;
      if (broken) return Promise.reject(new ClearstackError("device-memory", "full"));
      return createDeconvolver(backend, options);
    },
    requireGpu: false,
  });
  await assertRejects(ready, ClearstackError, "full");
  broken = false;
  await Promise.all([ready(), ready()]);
  await ready();
  assertEquals(made, 2);
});

function identityJobsFunctions() {
  const never = () => Promise.reject(new Error("never called"));
  return { tiles: never, seams: never, pilots: never };
}
