/** Signatures of the URLs of views: viewers send no headers, so that whoever has such a URL may read the one view it is of. */
import { createHmac, timingSafeEqual } from "node:crypto";

/** Least length of a key, bytes: that of what the hash gives. */
export const KEY_BYTES = 32;

/** What a signature is worth. */
type SignatureState = "valid" | "expired" | "forged";

/** Makes and checks signatures with one key. */
export class ViewSigner {
  readonly #key: Uint8Array;

  /** @param key at least {@link KEY_BYTES} bytes that nobody else knows */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** The signature of a view, which states until when it holds: a part of a path. */
  sign(id: string, expiresMs: number): string {
    const expires = Math.floor(expiresMs / 1000).toString(36);
    return `${expires}.${this.#mac(id, expires)}`;
  }

  /** Checks a signature, in a time that does not depend on where it is wrong, and without looking for the view. */
  check(id: string, signature: string, nowMs: number): SignatureState {
    const [, expires, given] = /^([0-9a-z]{1,9})\.([\w-]{43})$/.exec(signature) ?? [];
    if (expires === undefined || given === undefined) return "forged";
    const [own, others] = [this.#mac(id, expires), given].map((text) => new TextEncoder().encode(text));
    if (!timingSafeEqual(own!, others!)) return "forged";
    return 1000 * parseInt(expires, 36) > nowMs ? "valid" : "expired";
  }

  /** HMAC-SHA-256 in base64url, 43 characters. */
  #mac(id: string, expires: string): string {
    return createHmac("sha256", this.#key).update(`clearstack view\n${id}\n${expires}`).digest("base64url");
  }
}
