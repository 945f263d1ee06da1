/** Keys of a role of AWS, by its Security Token Service (STS). */
import { AwsV4Signer } from "aws4fetch";
import { type AwsKeys, keysFrom, signingTime } from "./aws_keys.ts";
import { identityRequest, readSecretFile } from "./identity_request.ts";
import { awsDomain, awsRegion } from "../s3/s3_address.ts";
import { setting, type StoreEnvironment } from "../store_environment.ts";
import { readXml, xmlText } from "../http/xml.ts";

/** A role, and how it is asked for. */
interface AwsRole {
  readonly arn: string;
  /** Name in the logs of AWS. @default {"clearstack"} */
  readonly session: string | undefined;
  /** Region whose STS is asked. @default that of the environment */
  readonly region?: string | undefined;
  readonly externalId?: string | undefined;
  /** How long its keys are good for, seconds. */
  readonly seconds?: string | undefined;
}

/** Keys for the role AWS_ROLE_ARN and the token in AWS_WEB_IDENTITY_TOKEN_FILE. */
export async function webIdentityKeys(environment: StoreEnvironment): Promise<AwsKeys | undefined> {
  const file = setting(environment, "AWS_WEB_IDENTITY_TOKEN_FILE");
  const arn = setting(environment, "AWS_ROLE_ARN");
  if (file === undefined || arn === undefined) return undefined;
  const role = { arn, session: setting(environment, "AWS_ROLE_SESSION_NAME") };
  return await roleKeys(environment, role, await readSecretFile(file, "AWS_WEB_IDENTITY_TOKEN_FILE"));
}

/**
 * Keys of a role.
 *
 * @param proof keys of who may assume it, or a web identity token
 */
export async function roleKeys(
  environment: StoreEnvironment,
  { arn, session = "clearstack", region: given, externalId, seconds }: AwsRole,
  proof: AwsKeys | string,
): Promise<AwsKeys> {
  const fields = {
    Version: "2011-06-15",
    RoleArn: arn,
    RoleSessionName: session,
    ...(typeof proof === "string"
      ? { Action: "AssumeRoleWithWebIdentity", WebIdentityToken: proof }
      : { Action: "AssumeRole", ExternalId: externalId }),
    DurationSeconds: seconds,
  };
  const body = new URLSearchParams(Object.entries(fields).flatMap(([name, value]) => value ? [[name, value]] : []));
  const region = awsRegion(environment, given);
  const service = `AWS STS (${fields.Action})`;
  const url = setting(environment, "AWS_ENDPOINT_URL_STS") ?? `https://sts.${region}.${awsDomain(region)}/`;
  const request = {
    url,
    service,
    method: "POST",
    body,
    mend: `check that ${arn} exists and trusts this identity`,
  } as const;
  const headers = typeof proof === "string" ? new Headers() : (await new AwsV4Signer({
    ...{ ...proof, ...request, body: body.toString(), service: "sts" },
    region,
    datetime: signingTime(environment),
  }).sign()).headers;
  const xml = await readXml(await identityRequest(environment, { ...request, headers }));
  const names = ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"];
  return keysFrom(service, Object.fromEntries(names.map((name) => [name, xmlText(xml, name)])));
}
