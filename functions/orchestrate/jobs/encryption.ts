/** Keeps the requests of jobs secret in the store: they may hold signed URLs. */
import { type JobRequest, JobRequestSchema } from "shared/contract/job_request.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Store } from "shared/storage/store.ts";
import type { StoredRequest } from "./job_record.ts";

/** Turns requests into what is stored, and back. */
export interface JobEncryption {
  seal(id: string, request: JobRequest): Promise<StoredRequest>;
  /** @throws {ClearstackError} `invalid-request` for one that was sealed with another key */
  open(id: string, stored: StoredRequest): Promise<JobRequest>;
}

/** Bytes of the nonce of AES-GCM. */
const NONCE = 12;

/** Sealed with the key that a store belongs to. */
const MARK_KEY = "key.json";
const MARK = "clearstack";

/**
 * Makes the seal of a store.
 *
 * @param key 32 bytes in base64; without one, requests are stored as they are
 * @throws {ClearstackError} `invalid-request` for a malformed key, or another one than the store's
 */
export async function openJobEncryption(store: Store, key?: string): Promise<JobEncryption> {
  const cryptoKey = key === undefined ? undefined : await importKey(key);
  await checkMark(store, cryptoKey);
  return {
    seal: async (id, request) =>
      cryptoKey ? { sealed: await encrypt(cryptoKey, id, JSON.stringify(request)) } : request,
    async open(id, stored) {
      if (!("sealed" in stored)) return stored;
      if (!cryptoKey) throw otherKey(store);
      return JobRequestSchema.parse(JSON.parse(await decrypt(cryptoKey, id, stored.sealed, store)));
    },
  };
}

/** A store remembers its key, so that another one is refused at the start and not job by job. */
async function checkMark(store: Store, key: CryptoKey | undefined): Promise<void> {
  const there = await store.get(MARK_KEY);
  if (there !== undefined) {
    if (!key) throw otherKey(store);
    await decrypt(key, MARK_KEY, JSON.parse(new TextDecoder().decode(there)).mark, store);
  } else if (key) {
    const mark = { mark: await encrypt(key, MARK_KEY, MARK) };
    const mine = await store.put(MARK_KEY, new TextEncoder().encode(JSON.stringify(mark)), { ifAbsent: true });
    if (!mine) await checkMark(store, key);
  }
}

/** @throws {ClearstackError} `invalid-request` for what is no key */
export async function importKey(key: string): Promise<CryptoKey> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = Uint8Array.fromBase64(key.trim());
  } catch {
    bytes = new Uint8Array(0);
  }
  if (bytes.length !== 32) {
    throw new ClearstackError(
      "invalid-request",
      "CLEARSTACK_STATE_KEY is no key: expected 32 bytes in base64, as openssl rand -base64 32 makes them",
    );
  }
  return await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}

/** The name goes with the text, so that no sealed text passes for another's. */
export async function encrypt(key: CryptoKey, name: string, text: string): Promise<string> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE));
  const encoder = new TextEncoder();
  const algorithm = { name: "AES-GCM", iv: nonce, additionalData: encoder.encode(name) };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(algorithm, key, encoder.encode(text)));
  const whole = new Uint8Array(NONCE + sealed.length);
  whole.set(nonce);
  whole.set(sealed, NONCE);
  return whole.toBase64();
}

/** @throws {ClearstackError} `invalid-request` for what was sealed with another key, or under another name */
export async function decrypt(
  key: CryptoKey,
  name: string,
  sealed: string,
  store: Pick<Store, "url">,
): Promise<string> {
  try {
    const whole = Uint8Array.fromBase64(sealed);
    const additionalData = new TextEncoder().encode(name);
    const algorithm = { name: "AES-GCM", iv: whole.subarray(0, NONCE), additionalData };
    return new TextDecoder().decode(await crypto.subtle.decrypt(algorithm, key, whole.subarray(NONCE)));
  } catch (cause) {
    throw otherKey(store, cause);
  }
}

function otherKey({ url }: Pick<Store, "url">, cause?: unknown): ClearstackError {
  const options = cause === undefined ? {} : { cause };
  const message =
    `the jobs in ${url} are encrypted with another key: set CLEARSTACK_STATE_KEY to the one they began with`;
  return new ClearstackError("invalid-request", message, options);
}
