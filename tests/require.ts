/**
 * Tests that need something a machine may lack: they are skipped where it is missing, visibly, and fail where the environment
 * says that it must be there.
 */
import { assert } from "@std/assert";
import { probeWebGpu } from "kernels/webgpu/device/probe_webgpu.ts";
import { instructGpuDrivers } from "shared/process/gpu_drivers.ts";

// The rule of the program: only adapters that it would take count, so that tests never run on a GL adapter that it refuses.
instructGpuDrivers(Deno.env);
const adapter = await probeWebGpu();
const required = Deno.env.get("CLEARSTACK_REQUIRE_WEBGPU") === "1";

/** True with `deno task test:all`, which CI runs: tests that take long without a GPU run as well. */
const all = Deno.env.get("CLEARSTACK_TEST_ALL") === "1";

/** Registers a test that needs a WebGPU adapter; CLEARSTACK_REQUIRE_WEBGPU=1 makes a missing one a failure. */
export function webgpuTest(name: string, body: () => Promise<void>): void {
  register(name, body, !adapter.available && !required);
}

/** Registers a test as {@link webgpuTest} does that takes seconds on a software adapter: `deno task test` skips it there. */
export function slowWebgpuTest(name: string, body: () => Promise<void>): void {
  const slow = adapter.available && adapter.isFallbackAdapter;
  register(name, body, (slow && !all) || (!adapter.available && !required));
}

function register(name: string, body: () => Promise<void>, ignore: boolean): void {
  Deno.test({
    name,
    ignore,
    fn: async () => {
      assert(adapter.available, adapter.available ? "" : adapter.reason);
      await body();
    },
  });
}
