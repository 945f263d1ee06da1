/** Settings of GPU drivers, made before they are first asked for. */

/** The environment of the process, as a main.ts hands it on. */
interface Environment {
  get(name: string): string | undefined;
  set(name: string, value: string): unknown;
}

/**
 * Tells GPU drivers on Linux what they need, unless the environment says something else. Without a Vulkan driver WebGPU would fall
 * back to OpenGL, where the kernels may hang; no GPU at all is explained. And software drivers write to standard error where
 * XDG_RUNTIME_DIR is unset, though they show nothing; any value will do.
 */
export function instructGpuDrivers(environment: Environment): void {
  if (Deno.build.os !== "linux") return;
  for (const [name, value] of [["DENO_WEBGPU_BACKEND", "vulkan"], ["XDG_RUNTIME_DIR", "/tmp"]] as const) {
    if (!environment.get(name)) environment.set(name, value);
  }
}
