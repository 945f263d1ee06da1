/**
 * Who signs requests to S3: the first of static keys, web identity (IRSA), a profile of the AWS command line, container
 * credentials (ECS, EKS pod identity) and instance metadata that is configured. Unsigned only if asked for.
 */
import { ClearstackError } from "shared/errors.ts";
import { containerKeys, instanceKeys, webIdentityKeys } from "./aws_identity.ts";
import type { AwsKeys } from "./aws_keys.ts";
import { profileKeys } from "./aws_profile.ts";
import { type Refreshing, refreshing } from "./refreshing.ts";
import { isSwitchedOn, oncePerEnvironment, setting, type StoreEnvironment } from "../store_environment.ts";

/** Leave to send requests unsigned. */
export interface AwsAnonymous {
  readonly anonymous: true;
  readonly expiresAt?: never;
}

/** The credentials of a process, shared by its stores and renewed before they expire. */
export const awsCredentials: (environment: StoreEnvironment) => Refreshing<AwsKeys | AwsAnonymous> = oncePerEnvironment(
  (environment) => refreshing(() => findKeys(environment), environment.now),
);

async function findKeys(environment: StoreEnvironment): Promise<AwsKeys | AwsAnonymous> {
  if (isSwitchedOn(environment, "AWS_NO_SIGN_REQUEST")) return { anonymous: true };
  const keys = staticKeys(environment) ??
    await webIdentityKeys(environment) ??
    await profileKeys(environment) ??
    await containerKeys(environment) ??
    await instanceKeys(environment);
  if (keys !== undefined) return keys;
  throw new ClearstackError(
    "forbidden",
    "no credentials for s3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_NO_SIGN_REQUEST=true for public buckets",
  );
}

function staticKeys(environment: StoreEnvironment): AwsKeys | undefined {
  const accessKeyId = setting(environment, "AWS_ACCESS_KEY_ID");
  const secretAccessKey = setting(environment, "AWS_SECRET_ACCESS_KEY");
  const sessionToken = setting(environment, "AWS_SESSION_TOKEN");
  if (accessKeyId === undefined && secretAccessKey === undefined) return undefined;
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const missing = accessKeyId === undefined ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY";
    throw new ClearstackError("invalid-request", `${missing} is not set; set both parts of the key or neither`);
  }
  return { anonymous: false, accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}
