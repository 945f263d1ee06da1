/** Public keys by which senders are known: fetched from the senders' own hosts, and kept. */
import type { JWTVerifyGetKey } from "jose";
import { createRemoteJWKSet, customFetch, errors, exportSPKI, importX509, jwtVerify } from "jose";
import type { JWTPayload, JWTVerifyOptions } from "jose";
import { ClearstackError } from "shared/errors.ts";
import { bodyStart } from "shared/storage/http/body_bytes.ts";
import { RecentCache } from "shared/process/recent_cache.ts";

const TIMEOUT_MS = 10_000;

/** A certificate of a few kilobytes. */
const MAX_CERTIFICATE_BYTES = 64 * 2 ** 10;

/** Senders change their certificate about once a year. */
const KEPT_CERTIFICATES = 16;

/** A token is good for so much longer, since clocks differ, seconds. */
const CLOCK_TOLERANCE_SECONDS = 30;

interface TokenRule {
  readonly keysUrl: string;
  readonly issuer: string | string[];
  readonly audience: string;
}

/** Keys of one service; it has no state but what it has fetched. */
export class SenderKeys {
  readonly #fetch: typeof globalThis.fetch;
  readonly #keySets = new Map<string, JWTVerifyGetKey>();
  readonly #certificates = new RecentCache<string, string>(KEPT_CERTIFICATES);

  constructor(fetch: typeof globalThis.fetch = globalThis.fetch) {
    this.#fetch = fetch;
  }

  /**
   * Claims of a token that is signed by one of the keys, of this issuer, for this audience, and of now.
   *
   * @throws {ClearstackError} `unauthenticated`; `store-unavailable` if the keys cannot be fetched
   */
  async claims(token: string, { keysUrl, issuer, audience }: TokenRule): Promise<JWTPayload> {
    const options: JWTVerifyOptions = {
      ...{ issuer, audience, clockTolerance: CLOCK_TOLERANCE_SECONDS },
      ...{ algorithms: ["RS256"], requiredClaims: ["exp", "aud", "iss"] },
    };
    try {
      return (await jwtVerify(token, this.#keySet(keysUrl), options)).payload;
    } catch (cause) {
      if (!(cause instanceof errors.JOSEError) || UNREACHABLE.has(cause.code)) {
        throw new ClearstackError("store-unavailable", `the keys at ${new URL(keysUrl).host} cannot be had`, { cause });
      }
      throw new ClearstackError("unauthenticated", `the sender's token is not accepted: ${cause.code}`, { cause });
    }
  }

  /**
   * Verifies, by Web Crypto since jose knows no detached signature of this kind, an RSA PKCS #1 v1.5 signature by the
   * certificate at `url`, which the caller must have pinned.
   *
   * @throws {ClearstackError} `store-unavailable` if the certificate cannot be had
   */
  async verify(url: URL, hash: "SHA-1" | "SHA-256", signature: Uint8Array, signed: Uint8Array): Promise<boolean> {
    const spki = await this.#certificates.get(url.href, () => this.#fetchCertificate(url));
    const der = Uint8Array.fromBase64(spki.replace(/-----[A-Z ]+-----/g, ""));
    const algorithm = { name: "RSASSA-PKCS1-v1_5", hash };
    const key = await crypto.subtle.importKey("spki", der, algorithm, false, ["verify"]);
    return await crypto.subtle.verify(algorithm, key, signature as BufferSource, signed as BufferSource);
  }

  /** Asks a URL that the caller has pinned, following no redirect. */
  async get(url: URL): Promise<string> {
    try {
      const response = await this.#fetch(url, { redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (!response.ok) throw new Error(`status ${response.status}`);
      const bytes = await bodyStart(response, MAX_CERTIFICATE_BYTES + 1);
      if (bytes.length > MAX_CERTIFICATE_BYTES) throw new Error("too large");
      return new TextDecoder().decode(bytes);
    } catch (cause) {
      throw new ClearstackError("store-unavailable", `${url.host} did not answer as expected`, { cause });
    }
  }

  #keySet(url: string): JWTVerifyGetKey {
    const known = this.#keySets.get(url);
    if (known) return known;
    const made = createRemoteJWKSet(new URL(url), { timeoutDuration: TIMEOUT_MS, [customFetch]: this.#fetch });
    this.#keySets.set(url, made);
    return made;
  }

  async #fetchCertificate(url: URL): Promise<string> {
    const pem = await this.get(url);
    try {
      return await exportSPKI(await importX509(pem, "RS256", { extractable: true }));
    } catch (cause) {
      throw new ClearstackError("store-unavailable", `${url.host} sent no certificate`, { cause });
    }
  }
}

/** Codes of failures to get the keys; every other is the token's fault. */
const UNREACHABLE: ReadonlySet<string> = new Set(["ERR_JOSE_GENERIC", "ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID"]);
