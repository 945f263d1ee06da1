/**
 * Tests that need a WebGPU adapter: they are skipped where there is none, visibly, and fail where the environment says that there
 * must be one.
 */
import { probeWebGpu } from "kernels/webgpu/device/probe_webgpu.ts";
import { instructGpuDrivers } from "shared/process/gpu_drivers.ts";
import { LEFT_TO_ALL, testUnless } from "./test_unless.ts";

// The rule of the program: only adapters that it would take count, so that tests never run on a GL adapter that it refuses.
instructGpuDrivers(Deno.env);
const adapter = await probeWebGpu();
const missing = adapter.available ? undefined : "no WebGPU adapter: deno task doctor says why";
const required = Deno.env.get("CLEARSTACK_REQUIRE_WEBGPU") === "1";

/** Registers a test that needs a WebGPU adapter; CLEARSTACK_REQUIRE_WEBGPU=1 makes a missing one a failure. */
export function webgpuTest(name: string, fn: () => Promise<void>): void {
  testUnless(missing, { name, fn }, required);
}

/** Registers a test as {@link webgpuTest} does that takes seconds on a software adapter: `deno task test` skips it there. */
export function slowWebgpuTest(name: string, fn: () => Promise<void>): void {
  const slow = adapter.available && adapter.isFallbackAdapter ? LEFT_TO_ALL : undefined;
  if (slow === undefined) webgpuTest(name, fn);
  else testUnless(slow, { name, fn });
}
