/** The world as stores see it in a function that does what others ask. */
import { ClearstackError } from "shared/errors.ts";
import { createGuardedFetch } from "./guard/guarded_fetch.ts";
import type { StoreEnvironment } from "./store_environment.ts";

/**
 * Reads CLEARSTACK_ALLOW (URLs that the operator lets callers name, separated by spaces; their hosts may be private) and
 * CLEARSTACK_ADDRESS_GUARD: `on` (the default) lets callers name places of the public internet only, `off` any place, for a
 * function that only its own user can reach.
 *
 * @throws {ClearstackError} `invalid-request`
 */
export function servedEnvironment(env: (name: string) => string | undefined): StoreEnvironment {
  const guard = env("CLEARSTACK_ADDRESS_GUARD") ?? "on";
  if (guard === "off") return { env };
  if (guard !== "on") {
    throw new ClearstackError("invalid-request", `CLEARSTACK_ADDRESS_GUARD is "${guard}"; set it to on or off`);
  }
  const allow = [env("CLEARSTACK_ALLOW"), env("CLEARSTACK_ALLOW_SOURCES"), env("CLEARSTACK_ALLOW_OUTPUTS")]
    .flatMap((list) => (list ?? "").split(/\s+/)).filter((prefix) => prefix !== "");
  return { env, fetchNamed: createGuardedFetch({ allow }) };
}
