/** The world of a program that imports the library. Of its variables, what it may use is used, and nothing is asked for. */
import { instructGpuDrivers } from "shared/process/gpu_drivers.ts";
import type { StoreEnvironment } from "shared/storage/store_environment.ts";

const mayUse = (variable: string) => Deno.permissions.querySync({ name: "env", variable }).state === "granted";

/** Variables of this process. */
export const PROCESS_ENVIRONMENT: StoreEnvironment = {
  env: (variable) => mayUse(variable) ? Deno.env.get(variable) : undefined,
};

/** Tells the GPU drivers of this process what a main.ts tells them, before they are first asked for. */
export function instructOwnGpuDrivers(): void {
  const set = (variable: string, value: string) => mayUse(variable) && Deno.env.set(variable, value);
  instructGpuDrivers({ get: PROCESS_ENVIRONMENT.env, set });
}
