import { assert, assertEquals, assertThrows } from "@std/assert";
import { chooseBackend, decideBackend } from "kernels/backend.ts";
import type { AdapterReport } from "kernels/webgpu/device/gpu_device.ts";
import { DEFAULT_LIMITS } from "kernels/webgpu/device/limits.ts";
import { ClearstackError } from "shared/errors.ts";

const HARDWARE: AdapterReport = {
  available: true,
  description: "Some GPU",
  vendor: "vendor",
  isFallbackAdapter: false,
  limits: DEFAULT_LIMITS,
  features: [],
};
const SOFTWARE: AdapterReport = { ...HARDWARE, description: "Some software", isFallbackAdapter: true };
const NONE: AdapterReport = { available: false, reason: "no loader" };

Deno.test("auto takes a hardware adapter, and the CPU rather than a software adapter or none", () => {
  assertEquals(decideBackend("auto", HARDWARE).backend, "webgpu");
  assertEquals(decideBackend("auto", HARDWARE).adapter, "Some GPU");
  assertEquals(decideBackend("auto", SOFTWARE).backend, "cpu");
  assert(decideBackend("auto", SOFTWARE).reason.includes("Some software"));
  assertEquals(decideBackend("auto", NONE).reason, "no loader");
});

Deno.test("two boxes overlap on hardware, where transfers take time, and none where there is nothing to hide", () => {
  const boxes = [decideBackend("auto", HARDWARE), decideBackend("webgpu", SOFTWARE), decideBackend("auto", NONE)];
  assertEquals(boxes.map(({ boxesAtOnce }) => boxesAtOnce), [2, 1, 1]);
});

Deno.test("WebGPU asked for by name takes a software adapter, and explains why there is none", () => {
  assertEquals(decideBackend("webgpu", SOFTWARE).backend, "webgpu");
  const error = assertThrows(() => decideBackend("webgpu", NONE), ClearstackError);
  assertEquals([error.kind, error.message], ["no-device", "no loader"]);
});

Deno.test("the CPU asked for by name is taken without looking for an adapter", async () => {
  assertEquals((await chooseBackend("cpu")).backend, "cpu");
});
