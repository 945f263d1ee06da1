/** Keys that AWS hands to machines: to containers and to instances. */
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { type AwsKeys, keysFrom } from "./aws_keys.ts";
import { identityRequest, parseIdentity, readSecretFile } from "./identity_request.ts";
import { isSwitchedOn, setting, type StoreEnvironment } from "../store_environment.ts";

/** Hosts besides loopback that container credentials may come from over plain HTTP: those of ECS and EKS. */
const CONTAINER_HOSTS = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "localhost", "127.0.0.1", "[::1]"];

/** Keys of a task (ECS) or a pod (EKS), from AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI. */
export async function containerKeys(environment: StoreEnvironment): Promise<AwsKeys | undefined> {
  const relative = setting(environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const full = relative === undefined
    ? setting(environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI")
    : `http://169.254.170.2${relative}`;
  if (full === undefined) return undefined;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  const trusted = url?.protocol === "https:" || url?.protocol === "http:" && CONTAINER_HOSTS.includes(url.hostname);
  if (url === undefined || !trusted) {
    throw new ClearstackError(
      "invalid-request",
      "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor on this machine",
    );
  }
  const file = setting(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  const token = file === undefined
    ? setting(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN")
    : await readSecretFile(file, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  const service = "the container's credentials service";
  const headers: Record<string, string> = token === undefined ? {} : { authorization: token };
  return keysFrom(
    service,
    parseIdentity(service, await identityRequest(environment, { url: url.href, service, headers })),
  );
}

/** Keys of the role of an EC2 instance, by version 2 of its metadata service; undefined where there is no such service. */
export async function instanceKeys(environment: StoreEnvironment): Promise<AwsKeys | undefined> {
  if (isSwitchedOn(environment, "AWS_EC2_METADATA_DISABLED")) return undefined;
  const base = setting(environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? "http://169.254.169.254";
  const service = "the instance's metadata service";
  const latest = `${base.replace(/\/+$/, "")}/latest`;
  const ttl = { "x-aws-ec2-metadata-token-ttl-seconds": "21600" };
  let token: string;
  try {
    // Outside AWS nothing answers at all; one short attempt tells.
    const probe = { url: `${latest}/api/token`, service, method: "PUT", headers: ttl } as const;
    token = await identityRequest(environment, { ...probe, timeoutMs: 1000, attempts: 1 });
  } catch (error) {
    if (isClearstackError(error)) return undefined;
    throw error;
  }
  const headers = { "x-aws-ec2-metadata-token": token };
  const roles = `${latest}/meta-data/iam/security-credentials/`;
  const role = (await identityRequest(environment, { url: roles, service, headers })).split("\n")[0]!.trim();
  const text = await identityRequest(environment, { url: roles + encodeURIComponent(role), service, headers });
  return keysFrom(service, parseIdentity(service, text));
}
