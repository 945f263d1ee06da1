/** The world of a program that imports the library. */
import type { StoreEnvironment } from "shared/storage/store_environment.ts";

/** Variables of this process, as far as it may read them: nothing is asked for. */
export const PROCESS_ENVIRONMENT: StoreEnvironment = {
  env: (variable) =>
    Deno.permissions.querySync({ name: "env", variable }).state === "granted" ? Deno.env.get(variable) : undefined,
};
