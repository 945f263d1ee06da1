/**
 * Keeps web pages away from a function that tells its callers apart by nothing but the address that it listens on: a page whose
 * name is made to resolve to this machine (DNS rebinding) has the browser of somebody here call it.
 */
import { isLoopback } from "./listen_address.ts";
import { httpProblem, problemResponse } from "./problem.ts";

type Handler = (request: Request) => Response | Promise<Response>;

/**
 * Lets requests through that name this machine by a loopback name or address and come from no web page.
 *
 * @param origins of web pages that may call all the same
 */
export function loopbackOnly(handler: Handler, origins: readonly string[] = []): Handler {
  return (request) => {
    const url = new URL(request.url);
    const host = request.headers.get("host") ?? url.host;
    if (![host, url.host].every(isLoopbackHost)) {
      const detail =
        "without keys this is for callers that name it as localhost or 127.0.0.1: use that name, or set up " +
        "keys; CLEARSTACK_INSECURE=true accepts any name";
      return problemResponse(httpProblem(421, "Not for this host", detail));
    }
    const origin = request.headers.get("origin");
    if (origin !== null && origin !== url.origin && !origins.includes(origin)) {
      const detail = "web pages may not call unless CLEARSTACK_CORS lists their origin";
      return problemResponse(httpProblem(403, "Not for this page", detail));
    }
    return handler(request);
  };
}

/** True for a loopback name or address, with or without a port. */
function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  return isLoopback(name) || name.endsWith(".localhost");
}
