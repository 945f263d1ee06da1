/** The keys that sign requests to AWS. */
import { ClearstackError } from "shared/errors.ts";

/** Keys that sign. */
export interface AwsKeys {
  readonly anonymous: false;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Milliseconds since 1970; absent for keys that are not renewed. */
  readonly expiresAt?: number;
}

/**
 * Keys from an answer in the form that all of AWS's credential services share.
 *
 * @param service its name for messages
 * @throws {ClearstackError} `forbidden` if it holds no keys
 */
export function keysFrom(service: string, answer: Record<string, unknown>): AwsKeys {
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken, Expiration } = answer;
  const expiresAt = Date.parse(String(Expiration));
  if (typeof accessKeyId !== "string" || typeof secretAccessKey !== "string" || typeof sessionToken !== "string") {
    throw new ClearstackError("forbidden", `no credentials: ${service} sent no keys`);
  }
  return { anonymous: false, accessKeyId, secretAccessKey, sessionToken, expiresAt };
}
