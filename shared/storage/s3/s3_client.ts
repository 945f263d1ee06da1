/** Signed requests to one bucket of a server of the S3 protocol. */
import { AwsV4Signer } from "aws4fetch";
import { ClearstackError } from "shared/errors.ts";
import { awsCredentials } from "../credentials/aws_credentials.ts";
import { type AwsKeys, signingTime } from "../credentials/aws_keys.ts";
import type { GuardOptions } from "../guard/guard_store.ts";
import { type Failure, type ObjectClient, objectClient, type ObjectRequest } from "../http/object_client.ts";
import { urlWithQuery } from "../http/object_url.ts";
import { bucketUrl, isRegion, s3Endpoint } from "./s3_address.ts";
import { explainS3, isExpired, readFailure } from "./s3_errors.ts";
import { oncePerEnvironment, type StoreEnvironment } from "../store_environment.ts";

/** Regions of buckets that turned out not to be in the configured one. */
const learnedRegions = oncePerEnvironment(() => new Map<string, string>());

/** Keys derived for signing, by secret, day and region. */
const signingKeys = oncePerEnvironment(() => new Map<string, ArrayBuffer>());

/** Prepares requests to `bucket`, whose paths are keys; nothing is sent yet. */
export function s3Client(bucket: string, environment: StoreEnvironment, options: GuardOptions): ObjectClient {
  const endpoint = s3Endpoint(environment);
  const credentials = awsCredentials(environment);
  const learned = learnedRegions(environment);
  const now = environment.now ?? Date.now;
  const region = () => learned.get(bucket) ?? endpoint.region;
  const base = () => bucketUrl({ ...endpoint, region: region() }, bucket);
  let anonymous = false;
  let renewable = false;

  async function sign(request: ObjectRequest) {
    const keys = await credentials.get();
    anonymous = keys.anonymous;
    const url = urlWithQuery(request.path, base(), request.query);
    if (keys.anonymous) return { url, headers: new Headers(request.headers) };
    renewable = keys.expiresAt !== undefined;
    return { url, headers: await signedHeaders(request, { url, keys, region: region(), environment }) };
  }

  async function explain(answer: Failure): Promise<ClearstackError | undefined> {
    const failure = await readFailure(answer);
    const named = failure.region;
    if (endpoint.url === undefined && named !== undefined && named !== region() && isRegion(named)) {
      learned.set(bucket, named);
      return new ClearstackError("store-unavailable", `bucket ${bucket} is in ${named}, not in ${endpoint.region}`);
    }
    if (renewable && isExpired(failure)) {
      credentials.forget();
      return new ClearstackError("store-unavailable", `${failure.request.what}: the credentials had to be renewed`);
    }
    return explainS3(failure, { bucket, host: base().host, anonymous, now: now() });
  }

  return objectClient({ sign, explain }, environment, options);
}

interface SigningContext {
  readonly url: URL;
  readonly keys: AwsKeys;
  readonly region: string;
  readonly environment: StoreEnvironment;
}

/** Signature version 4 over the headers and the body's SHA-256, which makes the server verify the bytes. */
async function signedHeaders(
  { method, headers, body }: ObjectRequest,
  { url, keys, region, environment }: SigningContext,
): Promise<Headers> {
  // Caches between here and the server may ask for other ranges.
  const { range, ...signable } = headers ?? {};
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", (body ?? new Uint8Array()) as BufferSource));
  const { accessKeyId, secretAccessKey, sessionToken } = keys;
  const signer = new AwsV4Signer({
    url: url.href,
    method,
    headers: { ...signable, "x-amz-content-sha256": digest.toHex() },
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    service: "s3",
    region,
    // Releases of Ceph refuse a content-type that is sent and not signed.
    allHeaders: true,
    cache: signingKeys(environment),
    datetime: signingTime(environment),
  });
  const signed = (await signer.sign()).headers;
  if (range !== undefined) signed.set("range", range);
  return signed;
}
