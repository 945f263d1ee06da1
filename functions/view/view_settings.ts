/** Settings of views. */
import { parseBytes } from "shared/config.ts";
import { ClearstackError } from "shared/errors.ts";
import { timeSetting } from "shared/time_setting.ts";
import { count } from "shared/engine/engine_environment.ts";
import { KEY_BYTES } from "./http/view_signature.ts";

export interface ViewSettings {
  /** Folder or URL that keeps views and what was computed of them. */
  readonly cache: string;
  /** Stored bytes that are kept. */
  readonly cacheBytes: number;
  /** Time from the making of a view to its end. */
  readonly expiresMs: number;
  /** Views of one owner at the same time. */
  readonly mostPerOwner: number;
  /** What URLs are signed with. @default {a key that is kept in the cache} */
  readonly key?: Uint8Array | undefined;
  /** Origin at which viewers reach the service, without a slash at its end. @default {the origin that the caller names} */
  readonly publicUrl?: string | undefined;
}

const CACHE_BYTES = 10 * 2 ** 30;
const EXPIRES_MS = 12 * 3_600_000;
const MOST_PER_OWNER = 32;

/**
 * Reads CLEARSTACK_VIEW_CACHE_SIZE (such as 10GiB), CLEARSTACK_VIEW_EXPIRES (such as 12h), CLEARSTACK_VIEWS_PER_OWNER,
 * CLEARSTACK_VIEW_KEY (hexadecimal, at least 32 bytes) and CLEARSTACK_VIEW_URL.
 *
 * @param cache where CLEARSTACK_VIEW_CACHE names no other folder or URL
 * @throws {ClearstackError} `invalid-request` naming the variable
 */
export function readViewSettings(env: (name: string) => string | undefined, cache: string): ViewSettings {
  const size = env("CLEARSTACK_VIEW_CACHE_SIZE");
  return {
    cache: env("CLEARSTACK_VIEW_CACHE") ?? cache,
    cacheBytes: size === undefined ? CACHE_BYTES : parseBytes("CLEARSTACK_VIEW_CACHE_SIZE", size),
    expiresMs: timeSetting(env, "CLEARSTACK_VIEW_EXPIRES") ?? EXPIRES_MS,
    mostPerOwner: count(env, "CLEARSTACK_VIEWS_PER_OWNER") ?? MOST_PER_OWNER,
    key: readKey(env("CLEARSTACK_VIEW_KEY")),
    publicUrl: readPublicUrl(env("CLEARSTACK_VIEW_URL")),
  };
}

function readKey(text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  if (new RegExp(`^([0-9a-f]{2}){${KEY_BYTES},128}$`, "i").test(text)) return Uint8Array.fromHex(text);
  const mend =
    `set it to at least ${KEY_BYTES} random bytes in hexadecimal, such as openssl rand -hex ${KEY_BYTES} prints`;
  throw new ClearstackError("invalid-request", `CLEARSTACK_VIEW_KEY is not usable: ${mend}`);
}

function readPublicUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.search === "" && url.hash === "") {
    return text.replace(/\/+$/, "");
  }
  throw new ClearstackError(
    "invalid-request",
    `CLEARSTACK_VIEW_URL is "${text}"; set it to where viewers reach the service, such as https://views.example.org`,
  );
}
