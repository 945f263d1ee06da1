/**
 * Keys of a profile of the AWS command line: its own, those of a role that it assumes, of IAM Identity Center (SSO), or of a
 * program. `@aws-sdk/credential-provider-ini` does the same, but reads the environment and the clock by itself, among them
 * variables (HOMEPATH, _X_AMZN_TRACE_ID) and a system call (osRelease) that the functions' permissions leave out, and asks
 * containers and instances by `node:http`, which no fetch can stand in for. It brings 22 packages of 16 MB.
 */
import { ClearstackError } from "shared/errors.ts";
import { type AwsConfig, readAwsConfig } from "./aws_config.ts";
import { containerKeys, instanceKeys } from "./aws_identity.ts";
import { type AwsKeys, environmentKeys, keysFrom } from "./aws_keys.ts";
import { processKeys } from "./aws_process.ts";
import { ssoKeys } from "./aws_sso.ts";
import { roleKeys } from "./aws_sts.ts";
import { readSecretFile } from "./identity_request.ts";
import { setting, type StoreEnvironment } from "../store_environment.ts";

/** Where the keys of a role's owner may come from besides another profile. */
const SOURCES: Readonly<Record<string, (environment: StoreEnvironment) => Promise<AwsKeys | undefined>>> = {
  Environment: (environment) => Promise.resolve(environmentKeys(environment)),
  EcsContainer: containerKeys,
  Ec2InstanceMetadata: instanceKeys,
};

/**
 * Keys of the profile AWS_PROFILE, or of `default` if there is one that gives some.
 *
 * @throws {ClearstackError} `forbidden` if AWS_PROFILE gives none; `invalid-request` for a profile that contradicts itself
 */
export async function profileKeys(environment: StoreEnvironment): Promise<AwsKeys | undefined> {
  const named = setting(environment, "AWS_PROFILE");
  const config = await readAwsConfig(environment);
  if (named === undefined && !config.profiles.has("default")) return undefined;
  return await keysOf({ environment, config, required: named !== undefined }, named ?? "default", []);
}

interface Context {
  readonly environment: StoreEnvironment;
  readonly config: AwsConfig;
  /** True if a profile that says nothing of keys is an error. */
  readonly required: boolean;
}

/** @param via profiles whose roles led here */
async function keysOf(context: Context, name: string, via: readonly string[]): Promise<AwsKeys | undefined> {
  const { environment, config, required } = context;
  const profile = config.profiles.get(name);
  if (profile === undefined) {
    const files = config.paths.join(" or ");
    throw fault(name, `is not in ${files}, or they may not be read; check AWS_PROFILE and source_profile`);
  }
  const holdsKeys = profile.has("aws_access_key_id");
  if (holdsKeys !== profile.has("aws_secret_access_key")) {
    throw fault(name, "has one of aws_access_key_id and aws_secret_access_key; give both or neither");
  }
  // A role whose source is its own profile means the keys beside it.
  if (profile.has("role_arn") && !(holdsKeys && via.length > 0)) return await profileRoleKeys(context, name, via);
  if (holdsKeys) {
    return keysFrom(`the AWS profile ${name}`, {
      AccessKeyId: profile.get("aws_access_key_id"),
      SecretAccessKey: profile.get("aws_secret_access_key"),
      SessionToken: profile.get("aws_session_token"),
    });
  }
  if (profile.has("sso_session") || profile.has("sso_start_url")) return await ssoKeys(environment, config, name);
  const program = profile.get("credential_process");
  if (program !== undefined) return await processKeys(environment, name, program);
  if (!required && !profile.has("login_session")) return undefined;
  throw new ClearstackError("forbidden", `the AWS profile ${name} holds no keys; ${exportKeys(name)}`);
}

async function profileRoleKeys(context: Context, name: string, via: readonly string[]): Promise<AwsKeys> {
  const { environment, config } = context;
  const field = (key: string) => config.profiles.get(name)!.get(key);
  const role = {
    arn: field("role_arn")!,
    session: field("role_session_name"),
    region: field("region"),
    externalId: field("external_id"),
    seconds: field("duration_seconds"),
  };
  if (field("mfa_serial") !== undefined) {
    throw new ClearstackError(
      "unsupported",
      `the AWS profile ${name} asks for a code of ${field("mfa_serial")}, which cannot be asked for here; ${
        exportKeys(name)
      }`,
    );
  }
  const file = field("web_identity_token_file");
  const proof = file === undefined
    ? await sourceKeys(context, name, via)
    : await readSecretFile(file, `web_identity_token_file of the AWS profile ${name}`);
  return await roleKeys(environment, role, proof);
}

/** Keys of who assumes the role of a profile. */
async function sourceKeys(context: Context, name: string, via: readonly string[]): Promise<AwsKeys> {
  const profile = context.config.profiles.get(name)!;
  const [other, service] = [profile.get("source_profile"), profile.get("credential_source")];
  if ((other === undefined) === (service === undefined)) {
    throw fault(name, "has a role_arn; give it either a source_profile or a credential_source");
  }
  const path = [...via, name];
  if (other !== undefined) {
    if (via.includes(other)) {
      throw fault(name, `leads back to itself by source_profile: ${[...path, other].join(", ")}`);
    }
    return (await keysOf({ ...context, required: true }, other, path))!;
  }
  const source = SOURCES[service!];
  if (source === undefined) {
    throw fault(name, `has the credential_source ${service}; write one of ${Object.keys(SOURCES).join(", ")}`);
  }
  const keys = await source(context.environment);
  if (keys !== undefined) return keys;
  throw new ClearstackError(
    "forbidden",
    `no credentials: the AWS profile ${name} wants those of ${service}, which has none`,
  );
}

function fault(name: string, what: string): ClearstackError {
  return new ClearstackError("invalid-request", `the AWS profile ${name} ${what}`);
}

/** The way that fits every profile. */
function exportKeys(name: string): string {
  return `run: eval "$(aws configure export-credentials --profile ${name} --format env)"`;
}
