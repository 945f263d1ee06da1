/** Keys that `aws configure` left in the home folder. */
import { ClearstackError } from "shared/errors.ts";
import type { AwsKeys } from "./aws_keys.ts";
import { setting, type StoreEnvironment } from "../store_environment.ts";

/** Keys of the profile AWS_PROFILE (`default`), from AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials and ~/.aws/config. */
export async function profileKeys(environment: StoreEnvironment): Promise<AwsKeys | undefined> {
  const home = setting(environment, "HOME", "USERPROFILE");
  const named = setting(environment, "AWS_PROFILE");
  const name = named ?? "default";
  const files = [
    {
      path: setting(environment, "AWS_SHARED_CREDENTIALS_FILE") ?? (home && `${home}/.aws/credentials`),
      section: name,
    },
    {
      path: setting(environment, "AWS_CONFIG_FILE") ?? (home && `${home}/.aws/config`),
      section: name === "default" ? name : `profile ${name}`,
    },
  ];
  const fields = new Map<string, string>();
  for (const { path, section } of files) {
    if (path === undefined) continue;
    for (const [field, value] of await readSection(path, section)) if (!fields.has(field)) fields.set(field, value);
  }
  const accessKeyId = fields.get("aws_access_key_id");
  const secretAccessKey = fields.get("aws_secret_access_key");
  const sessionToken = fields.get("aws_session_token");
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return { anonymous: false, accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  }
  const indirect = ["sso_session", "sso_start_url", "role_arn", "credential_process"].some((field) =>
    fields.has(field)
  );
  if (!indirect && named === undefined) return undefined;
  throw new ClearstackError(
    "forbidden",
    `the AWS profile ${name} holds no keys; run: eval "$(aws configure export-credentials --profile ${name} --format env)"`,
  );
}

/** Fields of one section of a file of `[section]` and `name = value` lines; none if there is no such file. */
async function readSection(path: string, section: string): Promise<[string, string][]> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch {
    return [];
  }
  const fields: [string, string][] = [];
  let current = "";
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s*\[\s*([^\]]+?)\s*\]/.exec(line)?.[1];
    if (header !== undefined) current = header.replace(/\s+/g, " ");
    const [, field, value] = /^([A-Za-z_]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (current === section && field !== undefined) fields.push([field.toLowerCase(), value!]);
  }
  return fields;
}
