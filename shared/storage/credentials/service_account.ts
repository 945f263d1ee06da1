/** Proof of being a service account of Google Cloud: a JSON Web Token signed with its key (RFC 7523). */
import { ClearstackError } from "shared/errors.ts";

const SCOPE = "https://www.googleapis.com/auth/devstorage.read_write";

/** Longest life of such a proof, seconds. */
const LIFE_SECONDS = 3600;

/** What a key file holds. */
interface ServiceAccount {
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
 * @throws {ClearstackError} `invalid-request` if the key cannot be used
 */
export async function serviceAccountAssertion(account: ServiceAccount, now: number): Promise<string> {
  const { importPKCS8, SignJWT } = await import("jose");
  const issued = Math.floor(now / 1000);
  const proof = new SignJWT({ scope: SCOPE })
    .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: account.keyId })
    .setIssuer(account.email)
    .setAudience(account.audience)
    .setIssuedAt(issued)
    .setExpirationTime(issued + LIFE_SECONDS);
  try {
    return await proof.sign(await importPKCS8(account.privateKey.trim(), "RS256"));
  } catch {
    // No cause: its message may hold parts of the key.
    throw new ClearstackError("invalid-request", "the private key in GOOGLE_APPLICATION_CREDENTIALS cannot be used");
  }
}
