/** The keys that sign requests to AWS, and the forms they come in. */
import { ClearstackError } from "shared/errors.ts";
import { setting, type StoreEnvironment } from "../store_environment.ts";

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
 * Keys from an answer in the form that AWS's credential services share. Keys that expire come with a token.
 *
 * @param service its name for messages
 * @throws {ClearstackError} `forbidden` if it holds no keys
 */
export function keysFrom(service: string, answer: Record<string, unknown>): AwsKeys {
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Expiration } = answer;
  const sessionToken = answer.Token ?? answer.SessionToken;
  const keys = typeof accessKeyId === "string" && typeof secretAccessKey === "string";
  if (keys && sessionToken === undefined && Expiration === undefined) {
    return { anonymous: false, accessKeyId, secretAccessKey };
  }
  const expires = Expiration === undefined ? {} : { expiresAt: new Date(Expiration as string | number).getTime() };
  if (!keys || typeof sessionToken !== "string" || Number.isNaN(expires.expiresAt)) {
    throw new ClearstackError("forbidden", `no credentials: ${service} sent no keys`);
  }
  return { anonymous: false, accessKeyId, secretAccessKey, sessionToken, ...expires };
}

/**
 * Keys in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.
 *
 * @throws {ClearstackError} `invalid-request` if one part of the key is missing
 */
export function environmentKeys(environment: StoreEnvironment): AwsKeys | undefined {
  const [id, secret] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] as const;
  const [AccessKeyId, SecretAccessKey] = [setting(environment, id), setting(environment, secret)];
  if (AccessKeyId === undefined && SecretAccessKey === undefined) return undefined;
  if (AccessKeyId === undefined || SecretAccessKey === undefined) {
    const missing = AccessKeyId === undefined ? id : secret;
    throw new ClearstackError("invalid-request", `${missing} is not set; set both parts of the key or neither`);
  }
  const SessionToken = setting(environment, "AWS_SESSION_TOKEN");
  return keysFrom("the environment", { AccessKeyId, SecretAccessKey, SessionToken });
}

/** The environment's time as signatures of AWS spell it. */
export function signingTime(environment: StoreEnvironment): string {
  return new Date((environment.now ?? Date.now)()).toISOString().replace(/[:-]|\.\d{3}/g, "");
}
