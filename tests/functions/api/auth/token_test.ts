import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { JWTHeaderParameters } from "jose";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import type { TokenSettings } from "functions/api/auth/token_settings.ts";
import { TokenSettingsSchema } from "functions/api/auth/token_settings.ts";
import { createTokenVerifier, ProviderUnavailable } from "functions/api/auth/token_verifier.ts";

const AUDIENCE = "clearstack";
const rsa = await generateKeyPair("RS256", { extractable: true });
const stranger = await generateKeyPair("RS256", { extractable: true });
const curve = await generateKeyPair("ES256", { extractable: true });

/** A provider on a loopback port. */
async function startProvider(change: (path: string, origin: string) => Response | undefined = () => undefined) {
  const paths: string[] = [];
  const published = [{ ...await exportJWK(rsa.publicKey), kid: "1", alg: "RS256", use: "sig" }];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    const { pathname, origin } = new URL(request.url);
    paths.push(pathname);
    const changed = change(pathname, origin);
    if (changed !== undefined) return changed;
    if (pathname === "/keys") return Response.json({ keys: published });
    return Response.json({ issuer: origin, jwks_uri: `${origin}/keys` });
  });
  const issuer = `http://127.0.0.1:${server.addr.port}`;
  const settings = (rest: Partial<TokenSettings> = {}) =>
    TokenSettingsSchema.parse({ issuer, audience: AUDIENCE, ...rest });
  return { issuer, settings, paths, published, stop: () => server.shutdown() };
}

interface Claims {
  readonly [name: string]: unknown;
}

const now = () => Math.floor(Date.now() / 1000);

const good = (issuer: string): Claims => ({
  iss: issuer,
  aud: AUDIENCE,
  sub: "ada",
  exp: now() + 60,
  roles: ["submit"],
});

const sign = (
  claims: Claims,
  key: CryptoKey = rsa.privateKey,
  header: JWTHeaderParameters = { alg: "RS256", kid: "1" },
) => new SignJWT({ ...claims }).setProtectedHeader(header).sign(key);

const encode = (value: unknown) =>
  btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

Deno.test("a token of the provider, for this service, tells who calls and what they may do", async () => {
  const provider = await startProvider();
  const verify = createTokenVerifier(provider.settings(), { quotas: { tiles: 9 } });
  const token = await sign(good(provider.issuer));
  assertEquals(await verify(token), { id: "oidc:ada", roles: ["submit"], quotas: { tiles: 9 } });
  await verify(token);
  assertEquals(provider.paths, ["/.well-known/openid-configuration", "/keys"]);
  await provider.stop();
});

Deno.test("expired, early, forged, unsigned, wrongly addressed and incomplete tokens do not count", async () => {
  const provider = await startProvider();
  const verify = createTokenVerifier(provider.settings());
  const claims = good(provider.issuer);
  const { exp: _, ...endless } = claims;
  const { sub: __, ...nameless } = claims;
  const { aud: ___, ...unaddressed } = claims;
  const valid = await sign(claims);
  const [header, payload, signature] = valid.split(".") as [string, string, string];
  // The classic confusion: the public key, which anybody has, taken for the secret of an HMAC.
  const secret = new TextEncoder().encode(await exportSPKI(rsa.publicKey));
  const bad: Record<string, string> = {
    expired: await sign({ ...claims, exp: now() - 31 }),
    "not valid yet": await sign({ ...claims, nbf: now() + 90 }),
    "without an end": await sign(endless),
    "of nobody": await sign(nameless),
    "of an empty name": await sign({ ...claims, sub: "" }),
    "of a very long name": await sign({ ...claims, sub: "a".repeat(251) }),
    "of a name with an escape": await sign({ ...claims, sub: "ada\x1b[2K" }),
    "of a name of two lines": await sign({ ...claims, sub: "ada\nroot" }),
    "of a name that is turned around": await sign({ ...claims, sub: "ada\u202e" }),
    "for a logout": await sign(claims, rsa.privateKey, { alg: "RS256", kid: "1", typ: "logout+jwt" }),
    "for a proof of possession": await sign(claims, rsa.privateKey, { alg: "RS256", kid: "1", typ: "dpop+jwt" }),
    "of another issuer": await sign({ ...claims, iss: "https://evil.example" }),
    "for another audience": await sign({ ...claims, aud: "somebody-else" }),
    "for no audience": await sign(unaddressed),
    "signed by another key": await sign(claims, stranger.privateKey),
    "signed by a key that is not published": await sign(claims, stranger.privateKey, { alg: "RS256", kid: "2" }),
    "signed by an algorithm that is not listed": await sign(claims, curve.privateKey, { alg: "ES256", kid: "1" }),
    "signed with the public key as a secret": await new SignJWT({ ...claims })
      .setProtectedHeader({ alg: "HS256", kid: "1" }).sign(secret),
    "with algorithm none": new UnsecuredJWT({ ...claims }).encode(),
    "with algorithm None": `${encode({ alg: "None" })}.${payload}.`,
    "with algorithm none and a signature": `${encode({ alg: "none", kid: "1" })}.${payload}.${signature}`,
    "with a key of its own": await new SignJWT({ ...claims })
      .setProtectedHeader({ alg: "RS256", jwk: await exportJWK(stranger.publicKey) }).sign(stranger.privateKey),
    "with other claims": `${header}.${encode({ ...claims, sub: "root", roles: ["admin"] })}.${signature}`,
    "without its signature": `${header}.${payload}.`,
    "cut short": valid.slice(0, -8),
    "of two parts": `${header}.${payload}`,
    "that is no token": "abc",
    "of dots": "..",
  };
  for (const [what, token] of Object.entries(bad)) assertEquals(await verify(token), undefined, what);
  assertEquals((await verify(valid))?.id, "oidc:ada");
  for (const typ of ["JWT", "at+jwt", "application/at+jwt"]) {
    assertEquals((await verify(await sign(claims, rsa.privateKey, { alg: "RS256", kid: "1", typ })))?.id, "oidc:ada");
  }
  await provider.stop();
});

Deno.test("clocks may differ by the skew and no more", async () => {
  const provider = await startProvider();
  const claims = good(provider.issuer);
  const late = await sign({ ...claims, exp: now() - 20 });
  assertEquals((await createTokenVerifier(provider.settings())(late))?.id, "oidc:ada");
  assertEquals(await createTokenVerifier(provider.settings({ clockSkewSeconds: 5 }))(late), undefined);
  await provider.stop();
});

Deno.test("roles come from the claim that is named, in any of its forms, and others are nobody's", async () => {
  const provider = await startProvider();
  const rolesOf = async (claims: Claims, rest: Partial<TokenSettings> = {}) => {
    const token = await sign({ ...good(provider.issuer), roles: undefined, ...claims });
    return (await createTokenVerifier(provider.settings(rest))(token))?.roles;
  };
  assertEquals(await rolesOf({ roles: ["read", "admin", "root", 3] }), ["read", "admin"]);
  assertEquals(await rolesOf({ roles: "read submit" }), ["read", "submit"]);
  assertEquals(await rolesOf({}), []);
  assertEquals(await rolesOf({ roles: ["constructor", "__proto__", "toString"] }), []);
  const nested = { rolesClaim: "realm_access.roles", roles: { microscopist: "submit" } } as const;
  assertEquals(await rolesOf({ realm_access: { roles: ["microscopist", "submit"] } }, nested), ["submit"]);
  assertEquals(await rolesOf({ "https://x.example/r": ["read"] }, { rolesClaim: "https://x.example/r" }), ["read"]);
  await provider.stop();
});

Deno.test("a key that the provider adds is found, and unknown ones do not make it be asked each time", async () => {
  const provider = await startProvider();
  const verify = createTokenVerifier(provider.settings());
  assertEquals((await verify(await sign(good(provider.issuer))))?.id, "oidc:ada");
  for (let i = 0; i < 5; i++) {
    assertEquals(
      await verify(await sign(good(provider.issuer), stranger.privateKey, { alg: "RS256", kid: `x${i}` })),
      undefined,
    );
  }
  assertEquals(provider.paths.filter((path) => path === "/keys").length, 1);
  provider.published.push({ ...await exportJWK(stranger.publicKey), kid: "2", alg: "RS256", use: "sig" });
  const rotated = await sign(good(provider.issuer), stranger.privateKey, { alg: "RS256", kid: "2" });
  assertEquals((await createTokenVerifier(provider.settings())(rotated))?.id, "oidc:ada");
  await provider.stop();
});

const FAULTS: Readonly<Record<string, (path: string, origin: string) => Response | undefined>> = {
  "answers 500": () => new Response(null, { status: 500 }),
  "sends no JSON": () => new Response("<html>"),
  "calls itself otherwise": (path, origin) =>
    path === "/keys" ? undefined : Response.json({ issuer: "https://evil.example", jwks_uri: `${origin}/keys` }),
  "has its keys elsewhere": (_, origin) => Response.json({ issuer: origin, jwks_uri: "http://169.254.169.254/keys" }),
  "redirects": () => Response.redirect("http://169.254.169.254/"),
  "redirects for its keys": (path) => path === "/keys" ? Response.redirect("http://169.254.169.254/") : undefined,
  "answers 500 for its keys": (path) => path === "/keys" ? new Response(null, { status: 500 }) : undefined,
  "sends keys that are none": (path) => path === "/keys" ? Response.json({ keys: "x" }) : undefined,
};

for (const [what, change] of Object.entries(FAULTS)) {
  Deno.test(`while a provider ${what}, nobody is let in and nobody is called invalid`, async () => {
    const provider = await startProvider(change);
    const verify = createTokenVerifier(provider.settings());
    await assertRejects(async () => await verify(await sign(good(provider.issuer))), ProviderUnavailable);
    await provider.stop();
  });
}

Deno.test("a provider that comes back is asked again after a pause, and not before", async () => {
  let down = true;
  const provider = await startProvider(() => down ? new Response(null, { status: 503 }) : undefined);
  const token = await sign(good(provider.issuer));
  const patient = createTokenVerifier(provider.settings());
  for (let i = 0; i < 3; i++) await assertRejects(() => patient(token), ProviderUnavailable);
  assertEquals(provider.paths.length, 1);
  const eager = createTokenVerifier(provider.settings(), { pauseMs: 0 });
  await assertRejects(() => eager(token), ProviderUnavailable);
  down = false;
  assertEquals((await eager(token))?.id, "oidc:ada");
  await provider.stop();
});

Deno.test("settings that would weaken the check are refused", () => {
  const settings = { issuer: "https://id.example", audience: AUDIENCE };
  const refuse = (rest: Record<string, unknown>) =>
    assertThrows(() => TokenSettingsSchema.parse({ ...settings, ...rest }));
  refuse({ algorithms: ["none"] });
  refuse({ algorithms: ["HS256"] });
  refuse({ algorithms: [] });
  refuse({ issuer: "http://id.example" });
  refuse({ jwks: "http://id.example/keys" });
  refuse({ audience: "" });
  refuse({ roles: { all: "root" } });
  refuse({ clockSkewSeconds: 3600 });
  TokenSettingsSchema.parse(settings);
});
