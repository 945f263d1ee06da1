/** Requests to places that a caller named: each address is checked, and so is each one that a redirect leads to. */
import { ClearstackError } from "shared/errors.ts";
import { type AddressGuardOptions, createAddressGuard } from "./address_guard.ts";

/** Sends a request; as the global fetch, without Request objects. */
export type NamedFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** Options of the guarded requests. */
interface GuardedFetchOptions extends AddressGuardOptions {
  /** Sends what was checked. @default the global fetch */
  readonly fetch?: typeof globalThis.fetch;
}

/** Redirects that are followed. */
const MAX_REDIRECTS = 5;

const REDIRECTS = [301, 302, 303, 307, 308];

/** Headers that are for the server they were meant for, and no other. */
const PRIVATE_HEADERS = ["authorization", "cookie", "proxy-authorization"];

/**
 * Makes a fetch that goes to the public internet and to what the operator allows, and nowhere else.
 *
 * `http:` requests go to the very address that was checked. `https:` requests go to the name, which could resolve to another
 * address a moment later: there the certificate, which must be the name's, keeps a private server from being taken for it,
 * and `--deny-net` keeps the connection from being made.
 *
 * @returns rejects with {@link ClearstackError} `forbidden` for what may not be reached, also after a redirect; otherwise as fetch
 */
export function createGuardedFetch(options: GuardedFetchOptions = {}): NamedFetch {
  const { fetch = globalThis.fetch } = options;
  const guard = createAddressGuard(options);
  let pinning: Deno.HttpClient | undefined;

  /** Sends one request to a checked address, under its own name. */
  function send(url: URL, address: string | undefined, init: RequestInit): Promise<Response> {
    if (address === undefined || url.protocol === "https:") return fetch(url, init);
    const pinned = new URL(url);
    pinned.hostname = address.includes(":") ? `[${address}]` : address;
    const headers = new Headers(init.headers);
    headers.set("host", url.host);
    pinning ??= Deno.createHttpClient({ allowHost: true });
    return fetch(pinned, { ...init, headers, client: pinning });
  }

  return async (input, init = {}) => {
    let url = new URL(input);
    let headers = new Headers(init.headers);
    for (let redirects = 0;; redirects++) {
      const address = await guard.check(url);
      const response = await send(url, address, { ...init, headers, redirect: "manual" });
      const next = redirectTarget(response, url);
      if (next === undefined) return response;
      await response.body?.cancel();
      assertMayFollow(url, next, { redirects, method: init.method ?? "GET" });
      if (next.origin !== url.origin) headers = withoutPrivate(headers);
      url = next;
    }
  };
}

function redirectTarget(response: Response, url: URL): URL | undefined {
  const location = response.headers.get("location");
  if (!REDIRECTS.includes(response.status) || location === null) return undefined;
  if (URL.canParse(location, url.href)) return new URL(location, url);
  throw new ClearstackError("store-unavailable", `${url.host} redirects to what is no URL`);
}

function assertMayFollow(from: URL, to: URL, hop: { readonly redirects: number; readonly method: string }): void {
  const refuse = (why: string) => new ClearstackError("forbidden", `${from.host} ${why}; give the final URL`);
  if (!/^(GET|HEAD)$/i.test(hop.method)) throw refuse(`redirects a ${hop.method} request`);
  if (hop.redirects >= MAX_REDIRECTS) throw refuse(`redirects more than ${MAX_REDIRECTS} times`);
  if (from.protocol === "https:" && to.protocol !== "https:") throw refuse("redirects from https: to another scheme");
}

function withoutPrivate(headers: Headers): Headers {
  const rest = new Headers(headers);
  for (const name of PRIVATE_HEADERS) rest.delete(name);
  return rest;
}
