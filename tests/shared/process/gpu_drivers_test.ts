import { assertEquals } from "@std/assert";
import { instructGpuDrivers } from "shared/process/gpu_drivers.ts";

Deno.test("Linux and Windows take Vulkan unless the environment says otherwise, and macOS keeps Metal", () => {
  const after = (os: typeof Deno.build.os, before: Record<string, string> = {}) => {
    const environment = new Map(Object.entries(before));
    instructGpuDrivers(environment, os);
    return Object.fromEntries(environment);
  };
  assertEquals(after("linux"), { DENO_WEBGPU_BACKEND: "vulkan", XDG_RUNTIME_DIR: "/tmp" });
  assertEquals(after("windows"), { DENO_WEBGPU_BACKEND: "vulkan" });
  assertEquals(after("darwin"), {});
  assertEquals(after("windows", { DENO_WEBGPU_BACKEND: "dx12" }), { DENO_WEBGPU_BACKEND: "dx12" });
});
