/**
 * Tests that need something a machine may lack: they are skipped where it is missing, visibly, and fail where the environment
 * says that it must be there.
 */
import { assert } from "@std/assert";
import { probeWebGpu } from "kernels/webgpu/device/probe_webgpu.ts";

const adapter = await probeWebGpu();
const required = Deno.env.get("CLEARSTACK_REQUIRE_WEBGPU") === "1";

/** Registers a test that needs a WebGPU adapter; CLEARSTACK_REQUIRE_WEBGPU=1 makes a missing one a failure. */
export function webgpuTest(name: string, body: () => Promise<void>): void {
  Deno.test({
    name,
    ignore: !adapter.available && !required,
    fn: async () => {
      assert(adapter.available, adapter.available ? "" : adapter.reason);
      await body();
    },
  });
}
