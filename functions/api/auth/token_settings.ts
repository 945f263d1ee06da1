/** Settings of an identity provider whose tokens count. */
import { z } from "zod";
import { RoleSchema } from "shared/keys/role.ts";

/** Signatures with a key pair. A secret that both sides share (HS256 ...) would let every holder of a public key forge. */
const ALGORITHMS = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
] as const;

const secureUrl = z.url().refine((url) => {
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || (protocol === "http:" && /^(127\.0\.0\.1|\[::1\]|localhost)$/.test(hostname));
}, "this is no https: URL");

/** Settings of an OpenID Connect provider. */
export const TokenSettingsSchema = z.strictObject({
  issuer: secureUrl.describe("`iss` of the tokens, below which /.well-known/openid-configuration is found"),
  audience: z.string().min(1).describe("`aud` of the tokens"),
  algorithms: z.array(z.enum(ALGORITHMS)).min(1).default(["RS256", "ES256"]),
  jwks: secureUrl.optional().describe("the provider's keys, where they are not on the issuer's own server"),
  rolesClaim: z.string().min(1).default("roles").describe("name of the claim, with dots between nested ones"),
  roles: z.record(z.string(), RoleSchema).default({ read: "read", submit: "submit", admin: "admin" }).describe(
    "role of each value of that claim",
  ),
  clockSkewSeconds: z.number().min(0).max(300).default(30),
});
export type TokenSettings = z.infer<typeof TokenSettingsSchema>;
