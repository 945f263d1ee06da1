import { assertEquals, assertRejects } from "@std/assert";
import { ClearstackError, type ErrorKind } from "shared/errors.ts";
import { awsCredentials } from "shared/storage/credentials/aws_credentials.ts";
import type { StoreEnvironment } from "shared/storage/store_environment.ts";
import { type CannedEnvironment, cannedEnvironment } from "../../../fixtures/servers/canned_fetch.ts";

const HOUR = 3_600_000;
const START = Date.parse("2026-01-01T00:00:00Z");
const ROLE = "arn:aws:iam::123456789012:role/reader";

/** A home folder with files of the AWS command line, for as long as `use` runs. */
async function withHome(
  config: string,
  use: (variables: Record<string, string>, home: string) => Promise<void>,
): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${home}/.aws/sso/cache`, { recursive: true });
    await Deno.writeTextFile(`${home}/.aws/config`, config);
    await use({ HOME: home, AWS_EC2_METADATA_DISABLED: "true" }, home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

function roleAnswer(id: string): Response {
  const end = new Date(START + HOUR).toISOString();
  return new Response(
    `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>` +
      `<AccessKeyId>${id}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>` +
      `<Expiration>${end}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
  );
}

async function keyId(environment: StoreEnvironment): Promise<string> {
  const keys = await awsCredentials(environment).get();
  return keys.anonymous ? "" : keys.accessKeyId;
}

/** Form of a request that was sent. */
function formOf(environment: CannedEnvironment, index: number): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(environment.sent[index]!.body));
}

async function assertRefused(environment: StoreEnvironment, kind: ErrorKind, ...parts: string[]): Promise<void> {
  for (const part of parts) {
    const error = await assertRejects(() => awsCredentials(environment).get(), ClearstackError, part);
    assertEquals(error.kind, kind);
  }
}

const CHAIN = `
[profile base]
aws_access_key_id = AK
aws_secret_access_key = S K   ; a comment
s3 =
  max_concurrent_requests = 3
[profile "the lab"]
role_arn = ${ROLE}
source_profile = base
role_session_name = lab
external_id = 42
duration_seconds = 900
region = eu-west-1
[profile other]
role_arn = ${ROLE}2
source_profile = the lab
`;

Deno.test("a profile's role is assumed with the keys of its source, as botocore signs it", () =>
  withHome(CHAIN, async (variables) => {
    const named = { ...variables, AWS_PROFILE: "the lab" };
    const environment = cannedEnvironment(named, () => roleAnswer("ROLE"), () => START);
    assertEquals(await awsCredentials(environment).get(), {
      anonymous: false,
      accessKeyId: "ROLE",
      secretAccessKey: "s",
      sessionToken: "t",
      expiresAt: START + HOUR,
    });
    const [{ url, headers }] = environment.sent as [CannedEnvironment["sent"][0]];
    assertEquals(url, "https://sts.eu-west-1.amazonaws.com/");
    assertEquals(formOf(environment, 0), {
      Version: "2011-06-15",
      RoleArn: ROLE,
      RoleSessionName: "lab",
      Action: "AssumeRole",
      ExternalId: "42",
      DurationSeconds: "900",
    });
    // From botocore 1.43.11, SigV4Auth, over the same bytes.
    assertEquals(
      headers.get("authorization"),
      "AWS4-HMAC-SHA256 Credential=AK/20260101/eu-west-1/sts/aws4_request, SignedHeaders=host;x-amz-date, " +
        "Signature=5e3cea01a16b100dd75fd185292d84d5b979222fae0377befae97384aac7dc6c",
    );
  }));

Deno.test("roles are assumed one after the other along a chain of profiles", () =>
  withHome(CHAIN, async (variables) => {
    const ids = ["FIRST", "SECOND"];
    const named = { ...variables, AWS_PROFILE: "other", AWS_REGION: "eu-central-1" };
    const environment = cannedEnvironment(named, () => roleAnswer(ids.shift()!), () => START);
    assertEquals(await keyId(environment), "SECOND");
    assertEquals(environment.sent.map(({ url }) => new URL(url).host), [
      "sts.eu-west-1.amazonaws.com",
      "sts.eu-central-1.amazonaws.com",
    ]);
    assertEquals([0, 1].map((index) => formOf(environment, index).RoleArn), [ROLE, `${ROLE}2`]);
    const { headers } = environment.sent[1]!;
    assertEquals(headers.get("x-amz-security-token"), "t");
    assertEquals(headers.get("authorization")?.includes("Credential=FIRST/"), true);
  }));

Deno.test("a role's source may be the keys beside it, the environment, the container or the instance", () =>
  withHome(
    `[profile self]\nrole_arn = ${ROLE}\nsource_profile = self\naws_access_key_id = SELF\naws_secret_access_key = S\n` +
      ["EcsContainer", "Ec2InstanceMetadata", "Elsewhere"].map((source) =>
        `[profile ${source}]\nrole_arn = ${ROLE}\ncredential_source = ${source}\n`
      ).join(""),
    async ({ HOME }) => {
      const signer = async (profile: string) => {
        const variables = { HOME: HOME!, AWS_PROFILE: profile, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/creds" };
        const keys = (id: string) =>
          Response.json({ AccessKeyId: id, SecretAccessKey: "s", Token: "t", Expiration: "2026-01-01T01:00:00Z" });
        const environment = cannedEnvironment(variables, ({ url }) => {
          if (url === "http://169.254.170.2/creds") return keys("ECS");
          if (url.endsWith("/latest/api/token")) return new Response("token");
          if (url.endsWith("/security-credentials/")) return new Response("instance-role");
          if (url.endsWith("/instance-role")) return keys("EC2");
          return roleAnswer("ROLE");
        }, () => START);
        assertEquals(await keyId(environment), "ROLE");
        return /Credential=(\w+)/.exec(environment.sent.at(-1)!.headers.get("authorization")!)![1];
      };
      assertEquals(await signer("self"), "SELF");
      assertEquals(await signer("EcsContainer"), "ECS");
      assertEquals(await signer("Ec2InstanceMetadata"), "EC2");
      const unknown = cannedEnvironment({ HOME: HOME!, AWS_PROFILE: "Elsewhere" }, () => undefined);
      await assertRefused(unknown, "invalid-request", "Elsewhere", "Environment, EcsContainer, Ec2InstanceMetadata");
      const nothing = cannedEnvironment({ HOME: HOME!, AWS_PROFILE: "EcsContainer" }, () => undefined);
      await assertRefused(nothing, "forbidden", "EcsContainer, which has none");
    },
  ));

Deno.test("profiles that lead nowhere, in a circle or to a code are refused, and say how to go on", () =>
  withHome(
    `[profile one]\nrole_arn = ${ROLE}\nsource_profile = two\n[profile two]\nrole_arn = ${ROLE}\nsource_profile = one\n` +
      `[profile lost]\nrole_arn = ${ROLE}\nsource_profile = nobody\n[profile bare]\nrole_arn = ${ROLE}\n` +
      `[profile code]\nrole_arn = ${ROLE}\nsource_profile = one\nmfa_serial = arn:aws:iam::1:mfa/me\n` +
      `[profile odd]\nrole_arn = ${ROLE}\nsource_profile = keys\nregion = evil.example/\n` +
      `[profile keys]\naws_access_key_id = AK\naws_secret_access_key = S\n[profile empty]\nregion = eu-west-1\n[profile cut]\naws_access_key_id = AK\n` +
      `[default]\nregion = eu-west-1\n`,
    async (variables) => {
      const of = (AWS_PROFILE: string) => cannedEnvironment({ ...variables, AWS_PROFILE }, () => undefined);
      await assertRefused(of("one"), "invalid-request", "one, two, one");
      await assertRefused(of("lost"), "invalid-request", "profile nobody", "/.aws/config");
      await assertRefused(of("bare"), "invalid-request", "source_profile or a credential_source");
      await assertRefused(of("code"), "unsupported", "arn:aws:iam::1:mfa/me", "export-credentials --profile code");
      await assertRefused(of("odd"), "invalid-request", "region in the AWS profile");
      await assertRefused(of("cut"), "invalid-request", "profile cut has one of aws_access_key_id and aws_secret");
      await assertRefused(of("empty"), "forbidden", "export-credentials --profile empty");
      // A default profile that says nothing of keys leaves the choice to what comes after it.
      await assertRefused(cannedEnvironment(variables, () => undefined), "forbidden", "no credentials for s3");
    },
  ));

Deno.test("a refused role is named, and nothing of the answer is told", () =>
  withHome(CHAIN, async (variables) => {
    const refusal = () => new Response("<Error><Message>hush</Message></Error>", { status: 403 });
    const environment = cannedEnvironment({ ...variables, AWS_PROFILE: "the lab" }, refusal, () => START);
    await assertRefused(environment, "forbidden", `check that ${ROLE} exists and trusts this identity`);
    const error = await assertRejects(() => awsCredentials(environment).get(), ClearstackError);
    assertEquals(Deno.inspect(error).includes("hush"), false);
  }));

Deno.test("a profile's web identity token is exchanged without any keys", () =>
  withHome("", async (variables, home) => {
    await Deno.writeTextFile(`${home}/token`, "jwt\n");
    const config = `[profile web]\nrole_arn = ${ROLE}\nweb_identity_token_file = ${home}/token\nregion = cn-north-1\n`;
    await Deno.writeTextFile(`${home}/.aws/config`, config);
    const environment = cannedEnvironment({ ...variables, AWS_PROFILE: "web" }, () => roleAnswer("WEB"), () => START);
    assertEquals(await keyId(environment), "WEB");
    assertEquals(environment.sent[0]!.url, "https://sts.cn-north-1.amazonaws.com.cn/");
    assertEquals(environment.sent[0]!.headers.has("authorization"), false);
    const { Action, WebIdentityToken } = formOf(environment, 0);
    assertEquals([Action, WebIdentityToken], ["AssumeRoleWithWebIdentity", "jwt"]);
  }));

const SSO = `
[profile sso]
sso_session = lab
sso_account_id = 123456789012
sso_role_name = Reader
[sso-session lab]
sso_region = eu-west-1
sso_start_url = https://lab.awsapps.com/start
[profile old]
sso_start_url = https://old.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 123456789012
sso_role_name = Reader
[profile half]
sso_session = lab
sso_account_id = 123456789012
`;

/** SHA-1 of "lab" and of "https://old.awsapps.com/start", which name the files of their logins. */
const LAB = "3953f9ddf975ab5097ee468d99555c5b441169bf";
const OLD = "33d5ca4bf3b1a62edb96b47f7c203034a43ac435";

/** A server that plays IAM Identity Center: its portal knows one token, its logins renew one. */
function identityCenter(now: () => number) {
  const seen: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    seen.push(`${request.method} ${pathname}`);
    if (pathname === "/oidc/token") {
      const { clientId, clientSecret, grantType, refreshToken } = await request.json();
      const right = [clientId, clientSecret, grantType].join() === "client,hush,refresh_token";
      if (!right || refreshToken !== "again") return Response.json({ error: "invalid_grant" }, { status: 400 });
      return Response.json({ accessToken: "good", expiresIn: 3600, refreshToken: "once more", tokenType: "Bearer" });
    }
    const role = [searchParams.get("role_name"), searchParams.get("account_id")].join();
    if (pathname !== "/sso/federation/credentials" || role !== "Reader,123456789012") {
      return new Response(null, { status: 404 });
    }
    if (request.headers.get("x-amz-sso_bearer_token") !== "good") return new Response(null, { status: 401 });
    const keys = { accessKeyId: "SSO", secretAccessKey: "s", sessionToken: "t", expiration: now() + HOUR };
    return Response.json({ roleCredentials: keys });
  });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  return {
    seen,
    variables: { AWS_ENDPOINT_URL_SSO: `${origin}/sso/`, AWS_ENDPOINT_URL_SSO_OIDC: `${origin}/oidc` },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("a login by aws sso login gives the keys of the profile's account and role, also in the old form", () =>
  withHome(SSO, async (variables, home) => {
    await using center = identityCenter(() => START);
    const login = (expiresAt: string) => JSON.stringify({ accessToken: "good", expiresAt });
    await Deno.writeTextFile(`${home}/.aws/sso/cache/${LAB}.json`, login("2026-01-01T01:00:00Z"));
    await Deno.writeTextFile(`${home}/.aws/sso/cache/${OLD}.json`, login("2026-01-01T01:00:00UTC"));
    for (const AWS_PROFILE of ["sso", "old"]) {
      const all = { ...variables, ...center.variables, AWS_PROFILE };
      const environment: StoreEnvironment = { env: (name) => (all as Record<string, string>)[name], now: () => START };
      assertEquals(await awsCredentials(environment).get(), {
        anonymous: false,
        accessKeyId: "SSO",
        secretAccessKey: "s",
        sessionToken: "t",
        expiresAt: START + HOUR,
      });
    }
    assertEquals(center.seen, Array(2).fill("GET /sso/federation/credentials"));
  }));

Deno.test("a login that ends is renewed, and the command line finds the new one", () =>
  withHome(SSO, async (variables, home) => {
    await using center = identityCenter(() => START);
    const path = `${home}/.aws/sso/cache/${LAB}.json`;
    const kept = { clientId: "client", clientSecret: "hush", region: "eu-west-1" };
    const ended = { ...kept, accessToken: "old", refreshToken: "again", expiresAt: "2025-12-31T23:00:00Z" };
    await Deno.writeTextFile(path, JSON.stringify(ended));
    const all: Record<string, string> = { ...variables, ...center.variables, AWS_PROFILE: "sso" };
    const environment: StoreEnvironment = { env: (name) => all[name], now: () => START };
    assertEquals(await keyId(environment), "SSO");
    assertEquals(JSON.parse(await Deno.readTextFile(path)), {
      ...kept,
      accessToken: "good",
      refreshToken: "once more",
      expiresAt: "2026-01-01T01:00:00.000Z",
    });
    assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
    assertEquals((await Array.fromAsync(Deno.readDir(`${home}/.aws/sso/cache`))).length, 1);
  }));

Deno.test("without a login, with an ended or refused one, the error says how to log in", () =>
  withHome(SSO, async (variables, home) => {
    await using center = identityCenter(() => START);
    const all = { ...variables, ...center.variables };
    const of = (AWS_PROFILE: string): StoreEnvironment => ({
      env: (name) => ({ ...all, AWS_PROFILE } as Record<string, string>)[name],
      now: () => START,
    });
    const login = (fields: Record<string, string>) =>
      Deno.writeTextFile(`${home}/.aws/sso/cache/${LAB}.json`, JSON.stringify(fields));
    await assertRefused(of("sso"), "forbidden", "there is no login", "aws sso login --profile sso");
    await Deno.writeTextFile(`${home}/.aws/sso/cache/${LAB}.json`, "{");
    await assertRefused(of("sso"), "forbidden", "there is no login", "aws sso login --profile sso");
    await login({ accessToken: "good", expiresAt: "2025-12-31T23:59:00Z" });
    await assertRefused(of("sso"), "forbidden", "has expired; run: aws sso login --profile sso");
    const renewable = { refreshToken: "never", clientId: "client", clientSecret: "hush" };
    await login({ accessToken: "good", expiresAt: "2025-12-31T23:59:00Z", ...renewable });
    await assertRefused(of("sso"), "forbidden", "has expired; run: aws sso login --profile sso");
    await login({ accessToken: "bad", expiresAt: "2026-01-01T01:00:00Z" });
    await assertRefused(of("sso"), "forbidden", "answered 401", "aws sso login --profile sso");
    await assertRefused(of("half"), "invalid-request", "profile half and the sso-session lab has no sso_role_name");
  }));

Deno.test("a login that cannot be renewed is used to its end", () =>
  withHome(SSO, async (variables, home) => {
    await using center = identityCenter(() => START);
    const short = { accessToken: "good", expiresAt: "2026-01-01T00:01:00Z", refreshToken: "never" };
    await Deno.writeTextFile(`${home}/.aws/sso/cache/${LAB}.json`, JSON.stringify(short));
    const all: Record<string, string> = { ...variables, ...center.variables, AWS_PROFILE: "sso" };
    assertEquals(await keyId({ env: (name) => all[name], now: () => START }), "SSO");
    assertEquals(center.seen, ["POST /oidc/token", "GET /sso/federation/credentials"]);
  }));

Deno.test("a program that prints keys is run only if that is allowed, and what it prints is told to nobody", () =>
  withHome("", async (variables, home) => {
    const printed = JSON.stringify({ Version: 1, AccessKeyId: "PROGRAM", SecretAccessKey: "s" });
    await Deno.writeTextFile(`${home}/keys.json`, printed);
    await Deno.writeTextFile(
      `${home}/.aws/config`,
      `[default]\ncredential_process = cat "${home}/keys.json"\n` +
        `[profile broken]\ncredential_process = echo hush; exit 3\n[profile talks]\ncredential_process = echo hush\n`,
    );
    await assertRefused(
      cannedEnvironment(variables, () => undefined),
      "forbidden",
      "CLEARSTACK_CREDENTIAL_PROCESS=true",
    );
    const allowed = { ...variables, CLEARSTACK_CREDENTIAL_PROCESS: "true" };
    const keys = { anonymous: false, accessKeyId: "PROGRAM", secretAccessKey: "s" } as const;
    assertEquals(await awsCredentials(cannedEnvironment(allowed, () => undefined)).get(), keys);
    for (const AWS_PROFILE of ["broken", "talks"]) {
      const environment = cannedEnvironment({ ...allowed, AWS_PROFILE }, () => undefined);
      const error = await assertRejects(() => awsCredentials(environment).get(), ClearstackError, AWS_PROFILE);
      assertEquals(Deno.inspect(error).includes("hush"), false);
    }
  }));
