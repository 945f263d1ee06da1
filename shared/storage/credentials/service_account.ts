/** Proof of being a service account of Google Cloud: a JSON Web Token signed with its key (RFC 7523). */
import { ClearstackError } from "shared/errors.ts";

const SCOPE = "https://www.googleapis.com/auth/devstorage.read_write";

/** Longest life of such a proof, seconds. */
const LIFE_SECONDS = 3600;

/** What a key file holds. */
export interface ServiceAccount {
  readonly email: string;
  /** PKCS 8, PEM. */
  readonly privateKey: string;
  readonly keyId: string;
  /** URL of the service that gives a token for the proof. */
  readonly audience: string;
}

/**
 * Signs the proof.
 *
 * @param now milliseconds since 1970
 * @throws {ClearstackError} `invalid-request` if the key cannot be read
 */
export async function serviceAccountAssertion(account: ServiceAccount, now: number): Promise<string> {
  const issued = Math.floor(now / 1000);
  const header = { alg: "RS256", typ: "JWT", kid: account.keyId };
  const claims = {
    iss: account.email,
    scope: SCOPE,
    aud: account.audience,
    iat: issued,
    exp: issued + LIFE_SECONDS,
  };
  const text = new TextEncoder();
  const signed = [header, claims].map((part) => base64Url(text.encode(JSON.stringify(part)))).join(".");
  const key = await importKey(account.privateKey);
  const signature = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", key, text.encode(signed));
  return `${signed}.${base64Url(new Uint8Array(signature))}`;
}

async function importKey(pem: string): Promise<CryptoKey> {
  try {
    const der = Uint8Array.fromBase64(pem.replace(/-----[^-]+-----|\s/g, ""));
    const rsa = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    return await crypto.subtle.importKey("pkcs8", der, rsa, false, ["sign"]);
  } catch {
    // No cause: its message may hold parts of the key.
    throw new ClearstackError("invalid-request", "the private key in GOOGLE_APPLICATION_CREDENTIALS cannot be read");
  }
}

function base64Url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
