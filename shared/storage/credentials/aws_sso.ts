/** Keys of IAM Identity Center, for who has logged in by `aws sso login`. */
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import type { AwsConfig } from "./aws_config.ts";
import { type AwsKeys, keysFrom } from "./aws_keys.ts";
import { identityRequest, parseIdentity } from "./identity_request.ts";
import { awsDomain, awsRegion } from "../s3/s3_address.ts";
import { setting, type StoreEnvironment } from "../store_environment.ts";

/** How long before its end a login is renewed, milliseconds. */
const MARGIN_MS = 5 * 60_000;

/**
 * Keys of the account and role that a profile names.
 *
 * @throws {ClearstackError} `invalid-request` naming the field that is missing; `forbidden` if there is no login any more
 */
export async function ssoKeys(environment: StoreEnvironment, config: AwsConfig, name: string): Promise<AwsKeys> {
  const profile = config.profiles.get(name)!;
  const session = profile.get("sso_session");
  const field = (key: string) => {
    const value = (session === undefined ? undefined : config.sessions.get(session)?.get(key)) ?? profile.get(key);
    if (value !== undefined) return value;
    const where = session === undefined ? "" : ` and the sso-session ${session}`;
    throw new ClearstackError(
      "invalid-request",
      `the AWS profile ${name}${where} has no ${key}; run: aws configure sso`,
    );
  };
  const region = awsRegion(environment, field("sso_region"));
  const query = new URLSearchParams({ role_name: field("sso_role_name"), account_id: field("sso_account_id") });
  const token = await loginToken(environment, { name, session: session ?? field("sso_start_url"), region });
  const service = "IAM Identity Center";
  const portal = setting(environment, "AWS_ENDPOINT_URL_SSO") ?? `https://portal.sso.${region}.${awsDomain(region)}`;
  const text = await identityRequest(environment, {
    url: `${portal.replace(/\/+$/, "")}/federation/credentials?${query}`,
    service,
    headers: { "x-amz-sso_bearer_token": token },
    mend: `check sso_account_id and sso_role_name, or run: aws sso login --profile ${name}`,
  });
  const keys = Object(parseIdentity(service, text).roleCredentials);
  return keysFrom(service, {
    AccessKeyId: keys.accessKeyId,
    SecretAccessKey: keys.secretAccessKey,
    SessionToken: keys.sessionToken,
    Expiration: keys.expiration,
  });
}

interface Login {
  /** Profile. */
  readonly name: string;
  /** Name of its session, or its start URL where it has none. */
  readonly session: string;
  readonly region: string;
}

/** The token that the login left in the home folder, renewed if that is due and can be. */
async function loginToken(environment: StoreEnvironment, login: Login): Promise<string> {
  const home = setting(environment, "HOME", "USERPROFILE");
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-1", new TextEncoder().encode(login.session)));
  const path = `${home}/.aws/sso/cache/${digest.toHex()}.json`;
  const mend = `run: aws sso login --profile ${login.name}`;
  const read = async () => parseIdentity("the login", await Deno.readTextFile(path));
  const fields = await read().catch(() => {
    throw new ClearstackError("forbidden", `there is no login for the AWS profile ${login.name}; ${mend}`);
  });
  const now = (environment.now ?? Date.now)();
  // Old releases of the command line wrote UTC for Z.
  const left = Date.parse(String(fields.expiresAt).replace(/UTC$/, "Z")) - now;
  const renewed = left > MARGIN_MS ? undefined : await renewedLogin(environment, login, fields);
  if (renewed !== undefined) {
    // The command line goes on with the renewed login too; where its file may not be written, only this process does.
    await replaceFile(path, JSON.stringify({ ...fields, ...renewed })).catch(() => {});
    return renewed.accessToken;
  }
  if (left > 0 && typeof fields.accessToken === "string") return fields.accessToken;
  throw new ClearstackError("forbidden", `the login of the AWS profile ${login.name} has expired; ${mend}`);
}

/** The fields of a login that renewing it changes; undefined if it cannot be renewed. */
async function renewedLogin(
  environment: StoreEnvironment,
  { region }: Login,
  { clientId, clientSecret, refreshToken }: Record<string, unknown>,
) {
  if (typeof refreshToken !== "string") return undefined;
  const service = "the logins of IAM Identity Center";
  const base = setting(environment, "AWS_ENDPOINT_URL_SSO_OIDC") ?? `https://oidc.${region}.${awsDomain(region)}`;
  try {
    const fields = parseIdentity(
      service,
      await identityRequest(environment, {
        url: `${base.replace(/\/+$/, "")}/token`,
        service,
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ clientId, clientSecret, grantType: "refresh_token", refreshToken }),
      }),
    );
    const { accessToken, expiresIn, refreshToken: next = refreshToken } = fields;
    if (typeof accessToken !== "string" || !(Number(expiresIn) > 0)) return undefined;
    const expiresAt = new Date((environment.now ?? Date.now)() + Number(expiresIn) * 1000);
    return { accessToken, refreshToken: next, expiresAt: expiresAt.toISOString() };
  } catch (error) {
    if (isClearstackError(error)) return undefined;
    throw error;
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  const fresh = `${path}.${crypto.randomUUID()}`;
  await Deno.writeTextFile(fresh, text, { mode: 0o600 });
  await Deno.rename(fresh, path);
}
