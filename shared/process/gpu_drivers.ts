/** Settings of GPU drivers, made before they are first asked for. */

/** The environment of the process, as a main.ts hands it on. */
interface Environment {
  get(name: string): string | undefined;
  set(name: string, value: string): unknown;
}

/**
 * Tells GPU drivers what they need, unless the environment says something else. Without a Vulkan driver WebGPU would fall back to
 * OpenGL, where the kernels may hang; no GPU at all is explained. Windows would take Direct3D 12, which the kernels were
 * never tried on. And software drivers of Linux write to standard error where XDG_RUNTIME_DIR is unset, though they show nothing;
 * any value will do.
 */
export function instructGpuDrivers(environment: Environment, os: typeof Deno.build.os = Deno.build.os): void {
  const vulkan = os === "linux" || os === "windows" ? [["DENO_WEBGPU_BACKEND", "vulkan"]] : [];
  const runtime = os === "linux" ? [["XDG_RUNTIME_DIR", "/tmp"]] : [];
  for (const [name, value] of [...vulkan, ...runtime]) {
    if (!environment.get(name)) environment.set(name, value);
  }
}
