/**
 * Guard that keeps a service from being sent where its callers cannot go themselves (server-side request forgery): only `http:` and
 * `https:`, no user in the URL, and no name or address that is not of the public internet.
 */
import { lookup } from "node:dns/promises";
import { ClearstackError } from "shared/errors.ts";
import { hasScheme, isListed } from "./allowed_places.ts";
import { isPrivateName, isPublicAddress } from "./public_address.ts";

/** All addresses of a name. */
type Resolve = (name: string) => Promise<readonly string[]>;

/** Options of the guard. */
export interface AddressGuardOptions {
  /**
   * URLs below which the operator lets callers go: the host of one that is more than a scheme is not checked. Where there are
   * any, nothing else is gone to, after a redirect neither. @default {all of the public internet}
   */
  readonly allow?: readonly string[];
  /** @default {the system's resolver} */
  readonly resolve?: Resolve;
  /** Milliseconds for which the addresses of a name are kept. @default {30000} */
  readonly keepMs?: number;
}

/** Decides about one URL at a time. */
interface AddressGuard {
  /**
   * Resolves to the address to connect to; undefined where the operator allows the place, whatever its address is.
   *
   * @throws {ClearstackError} `forbidden`; `store-unavailable` for a name that cannot be resolved
   */
  check(url: URL): Promise<string | undefined>;
}

/** Names that are kept; more are forgotten, oldest first. */
const MAX_KEPT = 256;

/** Makes a guard. */
export function createAddressGuard(options: AddressGuardOptions = {}): AddressGuard {
  const { allow = [], resolve = resolveBySystem, keepMs = 30_000 } = options;
  const kept = new Map<string, { readonly until: number; readonly addresses: Promise<readonly string[]> }>();

  function addressesOf(name: string): Promise<readonly string[]> {
    const found = kept.get(name);
    if (found !== undefined && found.until > Date.now()) return found.addresses;
    const addresses = resolve(name);
    kept.delete(name);
    kept.set(name, { until: Date.now() + keepMs, addresses });
    addresses.catch(() => kept.delete(name));
    if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value!);
    return addresses;
  }

  return {
    async check(url) {
      assertUsable(url);
      if (isListed(url.href, allow)) return undefined;
      const literal = literalAddress(url);
      assertPublicHost(url);
      if (allow.length > 0 && !hasScheme(url.href, allow)) throw notListed(url);
      if (literal !== undefined) return literal;
      const addresses = await addressesOf(url.hostname).catch(() => []);
      if (addresses.length === 0) {
        throw new ClearstackError("store-unavailable", `${url.hostname} cannot be resolved; check its spelling`);
      }
      // One private address among public ones is enough: which of them is connected to is not for the caller to choose.
      if (!addresses.every(isPublicAddress)) throw refusal(url);
      // IPv4 first: a machine without IPv6 resolves names to it all the same.
      return addresses.find((address) => !address.includes(":")) ?? addresses[0]!;
    },
  };
}

/**
 * Checks what a URL says without asking anybody.
 *
 * @throws {ClearstackError} `forbidden` for an address or a name that is not of the public internet
 */
export function assertPublicHost(url: URL): void {
  assertUsable(url);
  const literal = literalAddress(url);
  if (literal === undefined ? isPrivateName(url.hostname) : !isPublicAddress(literal)) throw refusal(url);
}

function assertUsable(url: URL): void {
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new ClearstackError("forbidden", `this service does not follow ${url.protocol} URLs; give an https: URL`);
  }
  if (url.username === "" && url.password === "") return;
  throw new ClearstackError("forbidden", `${url.host}: leave out user and password; sign the URL instead`);
}

/** The address that a URL holds instead of a name; the URL parser has undone every odd spelling of IPv4. */
function literalAddress({ hostname }: URL): string | undefined {
  if (hostname.startsWith("[")) return hostname.slice(1, -1);
  return /^[\d.]+$/.test(hostname) ? hostname.replace(/\.$/, "") : undefined;
}

/** Does not tell the path: a redirect led there, and the caller may not know it. */
function notListed({ host }: URL): ClearstackError {
  return new ClearstackError(
    "forbidden",
    `this service may not go to that place on ${host}: ask whoever runs it to allow it`,
  );
}

/** Does not tell the address: the caller may not know it. */
function refusal({ host }: URL): ClearstackError {
  return new ClearstackError(
    "forbidden",
    `this service may not reach ${host}, which is not of the public internet: ask whoever runs it to allow it`,
  );
}

async function resolveBySystem(name: string): Promise<string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}
