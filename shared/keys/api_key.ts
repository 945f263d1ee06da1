/** API keys: `cs_<id>_<secret>`, of which a service keeps a hash only. */
import { createHash, timingSafeEqual } from "node:crypto";
import { encodeBase64Url } from "hono/utils/encode";

/** Ids of keys, in the words of messages. */
export const KEY_ID_FORM = "1 to 64 lower-case letters, digits and hyphens, starting with a letter or digit";

/** Ids hold no underscore and no colon, so that neither the key nor a subject of a token can be mistaken for another. */
export const KEY_ID = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** Bytes of a secret. With 256 random bits, a fast hash cannot be searched any better than the key itself. */
const SECRET_BYTES = 32;

const KEY = /^cs_([a-z0-9][a-z0-9-]{0,63})_[A-Za-z0-9_-]{43}$/;

/** Makes a key; it is in no other place than the returned string. */
export function createApiKey(id: string): string {
  const secret = encodeBase64Url(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)).buffer).replace(/=+$/, "");
  return `cs_${id}_${secret}`;
}

/** The id in a key; undefined for what is no key. */
export function apiKeyId(key: string): string | undefined {
  return KEY.exec(key)?.[1];
}

/** SHA-256 of a key, hexadecimal: what is kept of it. */
export function apiKeyHash(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/** Compares a key with the hash of one, in a time that does not depend on where they differ. */
export function isApiKey(key: string, sha256: string): boolean {
  return timingSafeEqual(createHash("sha256").update(key).digest(), new Uint8Array(Uint8Array.fromHex(sha256)));
}
