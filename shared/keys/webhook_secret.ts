/**
 * Secrets that webhooks are signed with: each owner of jobs has one of their own, which follows from that of the service, so that
 * no owner can sign what another one trusts.
 */
import { ClearstackError } from "shared/errors.ts";

/** Bytes of a key, from its spelling `whsec_` and base64. */
type SecretKey = Uint8Array<ArrayBuffer>;

/** @throws {ClearstackError} `invalid-request` for a malformed secret */
export function parseWebhookSecret(secret: string): SecretKey {
  try {
    const key = Uint8Array.fromBase64(/^whsec_(.+)$/.exec(secret.trim())![1]!);
    if (key.length >= 24 && key.length <= 64) return key;
  } catch {
    // Told below.
  }
  throw new ClearstackError(
    "invalid-request",
    'CLEARSTACK_WEBHOOK_SECRET is no secret: expected whsec_ and 24 to 64 bytes in base64, as echo "whsec_$(openssl rand ' +
      '-base64 32)" makes them',
  );
}

/**
 * The key of an owner: HMAC-SHA256 of the name under the key of the service. Where callers are not told apart there is no owner,
 * and the key is that of the service.
 */
export async function ownerWebhookKey(service: SecretKey, owner: string | undefined): Promise<SecretKey> {
  return owner === undefined ? service : await hmac(service, `clearstack webhooks of ${owner}`);
}

/** HMAC-SHA256 of a text. */
export async function hmac(key: SecretKey, text: string): Promise<SecretKey> {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, new TextEncoder().encode(text)));
}
