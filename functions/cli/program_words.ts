/** How this program is called, for commands that people are told to give. */
import type { StoreEnvironment } from "shared/storage/store_environment.ts";

/** Words before a command and its arguments: as whatever started the program says it was called, else the task of deno.json. */
export function programWords({ env }: Pick<StoreEnvironment, "env">): string[] {
  const called = env("CLEARSTACK_CALLED_AS") ?? "";
  return /^\w+( \w+)*$/.test(called) ? called.split(" ") : ["deno", "task", "clearstack"];
}
