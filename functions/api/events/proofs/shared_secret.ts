/** Senders that prove themselves by a secret: by whichever of the usual places they can put it in. */
import { timingSafeEqual } from "hono/utils/buffer";
import { ClearstackError } from "shared/errors.ts";
import type { Delivery } from "../formats/event_format.ts";

/** Secrets longer than this are nobody's. */
const MAX_SECRET_LENGTH = 1024;

/**
 * Lets a delivery pass that presents one of the secrets: `Authorization: Bearer`, the password of `Authorization: Basic`,
 * `X-Api-Key`, or `secret` in the query.
 *
 * @param hashes SHA-256 of the secrets, hexadecimal
 * @throws {ClearstackError} `unauthenticated` without a secret, `forbidden` with a wrong one
 */
export async function requireSecret(delivery: Delivery, hashes: readonly string[]): Promise<void> {
  const presented = presentedSecrets(delivery);
  if (presented.length === 0) {
    throw new ClearstackError("unauthenticated", "the sender of an event must present the secret it was given");
  }
  let known = false;
  for (const secret of presented) {
    const hash = await sha256(secret);
    // Without an early way out, so that the time taken tells nothing of which matched.
    for (const expected of hashes) known = await timingSafeEqual(hash, expected) || known;
  }
  if (!known) {
    throw new ClearstackError("forbidden", "the sender of an event presented a secret that is not known here");
  }
}

/** The token of `Authorization: Bearer`. */
export function bearerToken({ headers }: Delivery): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
}

function presentedSecrets(delivery: Delivery): string[] {
  const { headers, query } = delivery;
  const basic = /^Basic +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  const places = [bearerToken(delivery), passwordOf(basic), headers.get("x-api-key"), query.get("secret")];
  return places.filter((secret): secret is string => !!secret && secret.length <= MAX_SECRET_LENGTH);
}

function passwordOf(basic: string | undefined): string | undefined {
  if (basic === undefined) return undefined;
  try {
    const pair = new TextDecoder().decode(Uint8Array.fromBase64(basic));
    return pair.includes(":") ? pair.slice(pair.indexOf(":") + 1) : undefined;
  } catch {
    return undefined;
  }
}

async function sha256(text: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toHex();
}
