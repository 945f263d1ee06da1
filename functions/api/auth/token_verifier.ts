/** Tokens of an OpenID Connect provider: their signature, who they are from, for whom, and from when to when. */
import { createRemoteJWKSet, customFetch, errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import type { Quotas } from "shared/contract/quotas.ts";
import type { Role } from "shared/keys/role.ts";
import { printable } from "shared/telemetry/printable.ts";
import type { Principal } from "../principal.ts";
import type { TokenSettings } from "./token_settings.ts";

interface TokenVerifierOptions {
  /** Of every subject. @default {no limits} */
  readonly quotas?: Quotas;
  /** Asks the provider. @default the global fetch */
  readonly fetch?: typeof globalThis.fetch;
  /** Milliseconds between two attempts to reach a provider that did not answer. @default {5000} */
  readonly pauseMs?: number;
}

/** The provider cannot be asked, so nothing can be said of the token. */
export class ProviderUnavailable extends Error {
  override readonly name = "ProviderUnavailable";
}

/** Longest a provider is waited for, milliseconds. */
const PROVIDER_TIMEOUT = 5000;

/** Keys are asked for again after so long, and no more often than that, however many tokens name unknown ones. */
const KEYS = { cacheMaxAge: 600_000, cooldownDuration: 30_000, timeoutDuration: PROVIDER_TIMEOUT };

/** With its prefix, an owner of jobs must not be longer than 256 characters. */
const MAX_SUBJECT_LENGTH = 250;

const DiscoverySchema = z.object({ issuer: z.string(), jwks_uri: z.url() });

/** Tells who a token is of. */
export type VerifyToken = (token: string) => Promise<Principal | undefined>;

/**
 * Makes a verifier; the provider is asked for its keys when the first token comes.
 *
 * @returns resolves to undefined for a token that does not count; rejects with {@link ProviderUnavailable}
 */
export function createTokenVerifier(settings: TokenSettings, options: TokenVerifierOptions = {}): VerifyToken {
  const { fetch = globalThis.fetch, quotas, pauseMs = 5000 } = options;
  const { issuer, audience, algorithms, clockSkewSeconds } = settings;
  const keysAt = (url: string) => createRemoteJWKSet(new URL(url), { ...KEYS, [customFetch]: fetch });
  let keys: Promise<JWTVerifyGetKey> | undefined;
  let failedAt = Infinity;

  function findKeys(): Promise<JWTVerifyGetKey> {
    if (keys !== undefined && performance.now() - failedAt < pauseMs) return keys;
    keys = settings.jwks === undefined ? discover(issuer, fetch).then(keysAt) : Promise.resolve(keysAt(settings.jwks));
    failedAt = Infinity;
    keys.catch(() => failedAt = performance.now());
    return keys;
  }

  return async (token) => {
    const verification = { issuer, audience, algorithms, clockTolerance: clockSkewSeconds };
    try {
      const options = { ...verification, requiredClaims: ["exp", "sub"] };
      const { payload, protectedHeader } = await jwtVerify(token, await findKeys(), options);
      if (!isAccessToken(protectedHeader.typ)) return undefined;
      return principalOf(payload, settings, quotas);
    } catch (error) {
      if (isFaultOfToken(error)) return undefined;
      throw new ProviderUnavailable("the identity provider cannot be asked for its keys", { cause: error });
    }
  };
}

/** Everything else that jose throws is about the provider's keys, which could not be had. */
function isFaultOfToken(error: unknown): boolean {
  const { JOSEError, JWKSTimeout, JWKSInvalid } = errors;
  if (!(error instanceof JOSEError) || error instanceof JWKSTimeout || error instanceof JWKSInvalid) return false;
  // The bare class is what an unexpected answer of the provider is reported by.
  return error.code !== JOSEError.code;
}

async function discover(issuer: string, fetch: typeof globalThis.fetch): Promise<string> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const response = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(PROVIDER_TIMEOUT) });
  const { issuer: named, jwks_uri } = DiscoverySchema.parse(await response.json());
  if (named !== issuer) throw new Error(`the provider calls itself ${named}`);
  if (new URL(jwks_uri).origin === new URL(issuer).origin) return jwks_uri;
  throw new Error(`the provider's keys are at ${jwks_uri}: name that as "jwks" if it is right`);
}

/** Tokens of other uses, such as `logout+jwt`, are signed with the same keys (RFC 8725, 3.11). */
function isAccessToken(typ: string | undefined): boolean {
  return typ === undefined || /^(application\/)?(at\+)?jwt$/i.test(typ);
}

function principalOf(
  payload: JWTPayload,
  { rolesClaim, roles }: TokenSettings,
  quotas?: Quotas,
): Principal | undefined {
  const { sub } = payload;
  if (typeof sub !== "string" || sub === "" || sub.length > MAX_SUBJECT_LENGTH) return undefined;
  // Subjects are told in answers and logs, and compared: what cannot be seen makes two of them look the same.
  if (printable(sub) !== sub || sub.includes("\n") || sub.includes("\t")) return undefined;
  const claim = claimAt(payload, rolesClaim);
  const values = typeof claim === "string" ? claim.split(" ") : Array.isArray(claim) ? claim : [];
  const own = values.flatMap((value): Role[] =>
    typeof value === "string" && Object.hasOwn(roles, value) ? [roles[value]!] : []
  );
  // The prefix keeps a subject from taking the name, and so the jobs, of a key.
  return { id: `oidc:${sub}`, roles: [...new Set(own)], ...(quotas === undefined ? {} : { quotas }) };
}

function claimAt(payload: JWTPayload, path: string): unknown {
  if (Object.hasOwn(payload, path)) return payload[path];
  return path.split(".").reduce<unknown>(
    (value, name) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, name)
        ? (value as Record<string, unknown>)[name]
        : undefined,
    payload,
  );
}
