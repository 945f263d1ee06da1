/**
 * Who signs requests to S3: the first of static keys, web identity (IRSA), a profile of the AWS command line, container
 * credentials (ECS, EKS pod identity) and instance metadata that is configured. Unsigned only if asked for.
 */
import { ClearstackError } from "shared/errors.ts";
import { type AwsKeys, environmentKeys } from "./aws_keys.ts";
import { type Refreshing, refreshing } from "./refreshing.ts";
import { isSwitchedOn, oncePerEnvironment, type StoreEnvironment } from "../store_environment.ts";

/** Leave to send requests unsigned. */
interface AwsAnonymous {
  readonly anonymous: true;
  readonly expiresAt?: never;
}

/** The credentials of a process, shared by its stores and renewed before they expire. */
export const awsCredentials: (environment: StoreEnvironment) => Refreshing<AwsKeys | AwsAnonymous> = oncePerEnvironment(
  (environment) => refreshing(() => findKeys(environment), environment.now),
);

async function findKeys(environment: StoreEnvironment): Promise<AwsKeys | AwsAnonymous> {
  if (isSwitchedOn(environment, "AWS_NO_SIGN_REQUEST")) return { anonymous: true };
  const own = environmentKeys(environment);
  if (own !== undefined) return own;
  const { webIdentityKeys } = await import("./aws_sts.ts");
  const { profileKeys } = await import("./aws_profile.ts");
  const { containerKeys, instanceKeys } = await import("./aws_identity.ts");
  const keys = await webIdentityKeys(environment) ??
    await profileKeys(environment) ??
    await containerKeys(environment) ??
    await instanceKeys(environment);
  if (keys !== undefined) return keys;
  throw new ClearstackError(
    "forbidden",
    "no credentials for s3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_NO_SIGN_REQUEST=true for public buckets",
  );
}
