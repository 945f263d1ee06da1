/** Endpoint of a bucket: AWS by region, or another server by AWS_ENDPOINT_URL; bucket in the host name or in the path. */
import { ClearstackError } from "shared/errors.ts";
import { isSwitchedOn, setting, type StoreEnvironment } from "../store_environment.ts";

/** Endpoint of one server of the S3 protocol, and how it names buckets. */
interface S3Endpoint {
  /** Undefined for AWS itself, whose address follows from the region. */
  readonly url: URL | undefined;
  readonly region: string;
  /** True if the bucket is the first folder of the path, false if it is part of the host name. */
  readonly pathStyle: boolean;
}

/**
 * Reads AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, AWS_REGION or AWS_DEFAULT_REGION, and AWS_S3_FORCE_PATH_STYLE, which is on
 * unless set to false where an endpoint is given.
 *
 * @throws {ClearstackError} `invalid-request` naming the variable
 */
export function s3Endpoint(environment: StoreEnvironment): S3Endpoint {
  const endpoint = setting(environment, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
  const region = awsRegion(environment);
  if (endpoint === undefined) {
    return { url: undefined, region, pathStyle: isSwitchedOn(environment, "AWS_S3_FORCE_PATH_STYLE") };
  }
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username || url.search) {
    throw new ClearstackError(
      "invalid-request",
      "AWS_ENDPOINT_URL is not usable; write https://HOST or http://HOST:PORT",
    );
  }
  const wish = setting(environment, "AWS_S3_FORCE_PATH_STYLE");
  return { url, region, pathStyle: wish === undefined || isSwitchedOn(environment, "AWS_S3_FORCE_PATH_STYLE") };
}

/** URL of a bucket, ending in a slash. */
export function bucketUrl(endpoint: S3Endpoint, bucket: string): URL {
  const base = new URL(endpoint.url ?? `https://s3.${endpoint.region}.${awsDomain(endpoint.region)}`);
  // Certificates cover one label before the endpoint's name, so a bucket with dots cannot be part of it.
  if (endpoint.pathStyle || !/^[a-z0-9-]+$/.test(bucket)) {
    base.pathname = `${base.pathname.replace(/\/+$/, "")}/${bucket}/`;
  } else {
    base.host = `${bucket}.${base.host}`;
    base.pathname = `${base.pathname.replace(/\/+$/, "")}/`;
  }
  return base;
}

/** Domain of AWS's services in a region. */
export function awsDomain(region: string): string {
  return region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

/**
 * The region that is given, or that of the environment.
 *
 * @throws {ClearstackError} `invalid-request` if it is none
 */
export function awsRegion(environment: StoreEnvironment, given?: string): string {
  const region = given ?? setting(environment, "AWS_REGION", "AWS_DEFAULT_REGION") ?? "us-east-1";
  if (isRegion(region)) return region;
  const where = given === undefined ? "AWS_REGION" : "the region in the AWS profile";
  throw new ClearstackError("invalid-request", `${where} is not usable; write a region such as eu-central-1`);
}

/** True for what looks like a region of AWS; regions become part of host names. */
export function isRegion(region: string): boolean {
  return /^[a-z][a-z0-9-]{1,40}$/.test(region);
}
