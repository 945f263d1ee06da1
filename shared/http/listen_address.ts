/** Address at which a function listens, and the authentication that it demands. */
import { ClearstackError } from "shared/errors.ts";

/** Settings that decide the address. */
export interface ListenOptions {
  /** Port where PORT names none. */
  readonly port: number;
  /** Variables that configure how this function authenticates callers, for the message. */
  readonly variables: string;
  /** True if one of them is set. */
  readonly authenticatesCallers: boolean;
}

/**
 * Reads HOST (default 127.0.0.1) and PORT. An address that others can connect to is refused where callers are told apart by
 * nothing, unless CLEARSTACK_INSECURE is true.
 *
 * @throws {ClearstackError} `invalid-request` naming the variable
 */
export function listenAddress(
  env: (name: string) => string | undefined,
  { port, variables, authenticatesCallers }: ListenOptions,
): { readonly hostname: string; readonly port: number } {
  const hostname = env("HOST") ?? "127.0.0.1";
  const wanted = env("PORT") ?? String(port);
  if (!/^\d{1,5}$/.test(wanted) || Number(wanted) > 65535) {
    throw new ClearstackError("invalid-request", `PORT is "${wanted}"; set it to a whole number from 0 to 65535`);
  }
  const insecure = /^(true|yes|on|1)$/i.test(env("CLEARSTACK_INSECURE") ?? "");
  requireAuthentication(hostname, { apart: authenticatesCallers || insecure, mend: variables });
  return { hostname, port: Number(wanted) };
}

/** True for an address that only this machine can connect to. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Refuses to listen where anybody could call.
 *
 * @param mend what tells callers apart, for the message
 * @throws {ClearstackError} `invalid-request`
 */
export function requireAuthentication(
  host: string,
  { apart, mend }: { readonly apart: boolean; readonly mend: string },
): void {
  if (apart || isLoopback(host)) return;
  throw new ClearstackError(
    "invalid-request",
    `anybody who can reach ${host} could use this service: set ${mend}, or CLEARSTACK_INSECURE=true if something in ` +
      "front of it lets nobody else in",
  );
}
