/** An upload, told in one way whoever told it. */
import { z } from "zod";
import { ClearstackError } from "shared/errors.ts";

/** Storage service of an upload; also the scheme of its URL. */
export const ProviderSchema = z.enum(["s3", "gs", "az"]);
export type Provider = z.infer<typeof ProviderSchema>;

/** Longest key of any provider, in UTF-16 units; S3 and GCS allow 1,024 bytes, Azure as many characters. */
const MAX_KEY_LENGTH = 1024;

/** A new object in a bucket. */
export const UploadEventSchema = z.strictObject({
  provider: ProviderSchema,
  bucket: z.string().describe("of Azure the account and the container, ACCOUNT/CONTAINER"),
  key: z.string().describe("decoded"),
  version: z.string().describe("of the object: equal for repeated events of one upload"),
  id: z.string().describe("of this event, for the log"),
});
export type UploadEvent = z.infer<typeof UploadEventSchema>;

/**
 * Checks what a sender stated before anything is made of it.
 *
 * @throws {ClearstackError} `invalid-request` for a name or key that could mean another place than it says
 */
export function checkUpload(event: UploadEvent): UploadEvent {
  const bucket = event.provider === "az" ? /^[a-z0-9]{3,24}\/[a-z0-9$-]{1,63}$/ : /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/;
  if (!bucket.test(event.bucket)) throw new ClearstackError("invalid-request", "an event names no usable bucket");
  const { key } = event;
  // A key that ends in a slash is that of a folder, as consoles make them, and no rule is for it.
  // deno-lint-ignore no-control-regex -- NUL and the like end a name early on some systems
  const bad = key.length > MAX_KEY_LENGTH || /[\\\x00-\x1f\x7f]/.test(key) || !key.isWellFormed() ||
    key.replace(/(?<=.)\/$/, "").split("/").some((segment) => segment === "" || segment === "." || segment === "..");
  if (bad) {
    const shown = JSON.stringify(key.slice(0, 100));
    throw new ClearstackError("invalid-request", `the key ${shown} of an event is not usable: rename the object`);
  }
  return event;
}

/** The idempotency key of an upload: equal for every event that tells of the same version of the same object. */
export async function uploadKey({ provider, bucket, key, version }: UploadEvent): Promise<string> {
  const identity = new TextEncoder().encode(JSON.stringify([provider, bucket, key, version]));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", identity)).toHex();
}
