/** A port of this process that is answered. */
import { ClearstackError } from "shared/errors.ts";

/**
 * Answers a port; 0 takes any free one.
 *
 * @throws {ClearstackError} `invalid-request` where it cannot be had, as it is taken
 */
export function listen(
  hostname: string,
  port: number,
  handler: (request: Request) => Response | Promise<Response>,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ hostname, port, onListen: () => {} }, (request) => handler(request));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const mend = cause instanceof Deno.errors.AddrInUse ? "; give another port, or 0 for any that is free" : "";
    throw new ClearstackError("invalid-request", `cannot listen on ${hostname} port ${port}: ${why}${mend}`, { cause });
  }
}
