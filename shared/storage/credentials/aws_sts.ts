/** Keys of a role of AWS, by its Security Token Service (STS). */
import { AwsV4Signer } from "aws4fetch";
import { type AwsKeys, keysFrom, signingTime } from "./aws_keys.ts";
import { identityRequest, readSecretFile } from "./identity_request.ts";
import { awsDomain, awsRegion } from "../s3/s3_address.ts";
import { setting, type StoreEnvironment } from "../store_environment.ts";
import { readXml, xmlText } from "../http/xml.ts";

/** A role, and how it is asked for. */
export interface AwsRole {
  readonly arn: string;
  /** Name in the logs of AWS. @default {"clearstack"} */
  readonly session: string | undefined;
  /** Region whose STS is asked. @default that of the environment */
  readonly region?: string | undefined;
}

/** Keys for the role AWS_ROLE_ARN and the token in AWS_WEB_IDENTITY_TOKEN_FILE. */
export async function webIdentityKeys(environment: StoreEnvironment): Promise<AwsKeys | undefined> {
  const file = setting(environment, "AWS_WEB_IDENTITY_TOKEN_FILE");
  const arn = setting(environment, "AWS_ROLE_ARN");
  if (file === undefined || arn === undefined) return undefined;
  const role = { arn, session: setting(environment, "AWS_ROLE_SESSION_NAME") };
  return await keysByToken(environment, role, await readSecretFile(file, "AWS_WEB_IDENTITY_TOKEN_FILE"));
}

/** Keys of a role for a web identity token. */
export function keysByToken(environment: StoreEnvironment, role: AwsRole, token: string): Promise<AwsKeys> {
  return roleKeys(environment, role, { Action: "AssumeRoleWithWebIdentity", WebIdentityToken: token });
}

/** Keys of a role for other keys. `wishes` are parameters of AssumeRole, such as ExternalId. */
export function keysByKeys(
  environment: StoreEnvironment,
  role: AwsRole,
  { keys, wishes }: { readonly keys: AwsKeys; readonly wishes: Readonly<Record<string, string>> },
): Promise<AwsKeys> {
  return roleKeys(environment, role, { Action: "AssumeRole", ...wishes }, keys);
}

async function roleKeys(
  environment: StoreEnvironment,
  { arn, session = "clearstack", region: given }: AwsRole,
  parameters: Readonly<Record<string, string>>,
  keys?: AwsKeys,
): Promise<AwsKeys> {
  const region = awsRegion(environment, given);
  const service = `AWS STS (${parameters.Action})`;
  const url = setting(environment, "AWS_ENDPOINT_URL_STS") ?? `https://sts.${region}.${awsDomain(region)}/`;
  const body = new URLSearchParams({ Version: "2011-06-15", RoleArn: arn, RoleSessionName: session, ...parameters });
  const headers = keys === undefined ? new Headers() : (await new AwsV4Signer({
    ...keys,
    method: "POST",
    url,
    body: body.toString(),
    service: "sts",
    region,
    datetime: signingTime(environment),
  }).sign()).headers;
  const mend = `check that ${arn} exists and trusts this identity`;
  const answer = await identityRequest(environment, { url, service, method: "POST", headers, body, mend });
  const xml = await readXml(answer);
  const names = ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"];
  return keysFrom(service, Object.fromEntries(names.map((name) => [name, xmlText(xml, name)])));
}
