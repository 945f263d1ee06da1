/** Origins of web pages that may call. */
import { ClearstackError } from "shared/errors.ts";

/**
 * Reads CLEARSTACK_CORS: origins separated by spaces.
 *
 * @throws {ClearstackError} `invalid-request` for what is no origin, such as `*` or a URL with a path
 */
export function readCorsOrigins(env: (name: string) => string | undefined): string[] {
  const origins = (env("CLEARSTACK_CORS") ?? "").split(/\s+/).filter((origin) => origin !== "");
  const bad = origins.find((origin) => URL.parse(origin)?.origin !== origin);
  if (bad === undefined) return origins;
  throw new ClearstackError(
    "invalid-request",
    `CLEARSTACK_CORS holds ${JSON.stringify(bad)}, which is no origin; write https://app.example.org`,
  );
}
