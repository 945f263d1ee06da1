/** The world as stores see it in a function that does what others ask. */
import { ClearstackError } from "shared/errors.ts";
import { readAllowedPlaces } from "./guard/allowed_places.ts";
import { refusalOf } from "./guard/assert_allowed.ts";
import { createGuardedFetch } from "./guard/guarded_fetch.ts";
import type { StoreEnvironment } from "./store_environment.ts";

/**
 * Reads CLEARSTACK_ALLOW, CLEARSTACK_ALLOW_SOURCES and CLEARSTACK_ALLOW_OUTPUTS (URLs and paths that the operator lets callers
 * name; their hosts may be private) and CLEARSTACK_ADDRESS_GUARD: `on` (the default) lets callers name nothing else, or, where no
 * list is set, any file and the public internet; `off` any place, for a function that only its own user can reach.
 *
 * @throws {ClearstackError} `invalid-request`
 */
export function servedEnvironment(env: (name: string) => string | undefined): StoreEnvironment {
  const guard = env("CLEARSTACK_ADDRESS_GUARD") ?? "on";
  if (guard === "off") return { env };
  if (guard !== "on") {
    throw new ClearstackError("invalid-request", `CLEARSTACK_ADDRESS_GUARD is "${guard}"; set it to on or off`);
  }
  const { sources, outputs } = readAllowedPlaces(env);
  if (sources.length + outputs.length === 0) return { env, fetchNamed: createGuardedFetch() };
  return {
    env,
    fetchNamed: createGuardedFetch({ allow: sources }),
    // Outputs are read too, to go on with them.
    refusal: (url, use) => refusalOf(url, use === "write" ? outputs : [...sources, ...outputs]),
  };
}
