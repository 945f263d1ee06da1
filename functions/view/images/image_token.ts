/**
 * Addresses of images that are passed on: each holds where its image lies, encrypted, so that nothing has to be kept, every instance
 * answers, and nobody learns a place or a signature from it.
 */
import { z } from "zod";
import { LocationSchema } from "shared/contract/location.ts";

/** What an address stands for. */
const GrantSchema = z.strictObject({
  /** The location of the one image. */
  location: LocationSchema,
  /** Folder of the Zarr below the location's URL that is its root; undefined for an image of another form. */
  root: z.string().optional(),
  expiresMs: z.number(),
});
export type ImageGrant = z.infer<typeof GrantSchema>;

/** Bytes of the number that no two encryptions share. */
const IV_BYTES = 12;

const BASE64 = { alphabet: "base64url", omitPadding: true } as const;

/** Makes and reads tokens with one key. */
export class ImageTokens {
  readonly #key: Promise<CryptoKey>;

  /** @param key that views are signed with; images have one that follows from it */
  constructor(key: Uint8Array) {
    this.#key = encryptionKey(key);
  }

  /** A token: a part of a path. */
  async seal(grant: ImageGrant): Promise<string> {
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const plain = new TextEncoder().encode(JSON.stringify(grant));
    const cipher = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await this.#key, plain));
    return `${iv.toBase64(BASE64)}${cipher.toBase64(BASE64)}`;
  }

  /** What a token stands for; undefined for one that is not of this key, or whose time is over. */
  async open(token: string, nowMs: number): Promise<ImageGrant | undefined> {
    try {
      const ivLength = Math.ceil(IV_BYTES * 4 / 3);
      const [iv, cipher] = [token.slice(0, ivLength), token.slice(ivLength)].map((part) =>
        Uint8Array.fromBase64(part, { alphabet: "base64url" })
      ) as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];
      const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, await this.#key, cipher);
      const grant = GrantSchema.parse(JSON.parse(new TextDecoder().decode(plain)));
      return grant.expiresMs > nowMs ? grant : undefined;
    } catch {
      return undefined;
    }
  }
}

async function encryptionKey(key: Uint8Array): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey("raw", Uint8Array.from(key), "HKDF", false, ["deriveKey"]);
  const info = new TextEncoder().encode("clearstack image");
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
  const cipher = { name: "AES-GCM", length: 256 };
  return await crypto.subtle.deriveKey(derivation, material, cipher, false, ["encrypt", "decrypt"]);
}
