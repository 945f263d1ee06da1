/** Authentication of callers: keys, tokens, both, or anybody. */
import { z } from "zod";
import { QuotasSchema } from "shared/contract/quotas.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Principal } from "../principal.ts";
import { KeyRing } from "./key_ring.ts";
import { type TokenSettings, TokenSettingsSchema } from "./token_settings.ts";
import { createTokenVerifier, type VerifyToken } from "./token_verifier.ts";

/** Means of authentication; without either part, nobody gets in. */
export interface Auth {
  readonly keys?: KeyRing;
  readonly tokens?: { readonly verify: VerifyToken; readonly settings: TokenSettings };
}

/** Sources of the configuration. */
export interface AuthSources {
  readonly env: (name: string) => string | undefined;
  /** Reads the file or object that a path or URL names. */
  readonly readText: (url: string) => Promise<string>;
}

/**
 * Reads CLEARSTACK_KEYS (path or URL of the file of keys), CLEARSTACK_OIDC (settings of a provider, JSON) and CLEARSTACK_QUOTAS
 * (limits of callers that have none of their own, JSON).
 *
 * @returns undefined where neither keys nor a provider are configured
 * @throws {ClearstackError} naming the variable
 */
export async function readAuth({ env, readText }: AuthSources): Promise<Auth | undefined> {
  const quotas = readJsonSetting("CLEARSTACK_QUOTAS", env, QuotasSchema) ?? {};
  const where = env("CLEARSTACK_KEYS");
  const settings = readJsonSetting("CLEARSTACK_OIDC", env, TokenSettingsSchema);
  if (where === undefined && settings === undefined) return undefined;
  return {
    ...(where === undefined ? {} : { keys: await KeyRing.open({ where, quotas, read: () => readText(where) }) }),
    ...(settings === undefined ? {} : { tokens: { settings, verify: createTokenVerifier(settings, { quotas }) } }),
  };
}

function readJsonSetting<T extends z.ZodType>(
  name: string,
  env: AuthSources["env"],
  schema: T,
): z.output<T> | undefined {
  const text = env(name);
  if (text === undefined || text === "") return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const issue = cause instanceof z.ZodError ? cause.issues[0] : undefined;
    const why = issue === undefined ? "this is not JSON" : `${issue.path.join(".")}: ${issue.message}`;
    throw new ClearstackError("invalid-request", `${name} is not usable: ${why}`);
  }
}

/** The caller that a bearer token belongs to; undefined for a token that does not count. */
export async function principalOf({ keys, tokens }: Auth, bearer: string): Promise<Principal | undefined> {
  return bearer.startsWith("cs_") ? await keys?.find(bearer) : await tokens?.verify(bearer);
}
