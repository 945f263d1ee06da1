/** Jobs that uploads start. */
import { globToRegExp } from "@std/path";
import { type JobRequest, JobRequestSchema } from "shared/contract/job_request.ts";
import type { Quotas } from "shared/contract/quotas.ts";
import { ClearstackError, toClearstackError } from "shared/errors.ts";
import { toProblem } from "shared/http/problem.ts";
import { encodeKey } from "shared/storage/http/object_url.ts";
import { assertFolder, seriesRequests } from "shared/image/series_requests.ts";
import { computedRequest } from "shared/image/output_form.ts";
import { urlsOverlap } from "shared/storage/url.ts";
import type { EventRule } from "./event_rules.ts";
import { fillJson } from "./fill_template.ts";
import type { Provider, UploadEvent } from "./formats/upload_event.ts";

const TIFF = /\.(tiff?|btf)$/i;

interface EventJob {
  readonly request: JobRequest;
  readonly owner: string;
  readonly quotas: Quotas;
  readonly rule: string;
}

interface CompiledRule {
  readonly rule: EventRule;
  readonly name: string;
  readonly pattern: RegExp;
}

/** Location of a volume. */
type Place = Pick<UploadEvent, "bucket" | "key"> & { readonly provider: Provider };

/** Rules, checked. */
export class EventRules {
  readonly #rules: readonly CompiledRule[];

  /**
   * @throws {ClearstackError} `invalid-request` for a rule that matches nothing, makes no valid request, or would be started
   * by what it makes
   */
  constructor(rules: readonly EventRule[]) {
    this.#rules = rules.map((rule, index) => compile(rule, rule.name ?? `rule ${index + 1}`));
    for (const compiled of this.#rules) this.#check(compiled);
  }

  /**
   * The job that an upload starts: that of the first rule that matches; undefined if none does.
   *
   * @throws {ClearstackError} `invalid-request` if the job would write into its source, or start another
   */
  job(upload: Place): EventJob | undefined {
    for (const compiled of this.#rules) {
      const job = this.#apply(compiled, upload);
      if (job) return job;
    }
    return undefined;
  }

  #apply(compiled: CompiledRule, upload: Place): EventJob | undefined {
    const { rule, name } = compiled;
    const volume = volumeOf(rule, upload);
    const match = volume && matchPlace(compiled, volume);
    if (!volume || !match) return undefined;
    const request = requestOf(compiled, volume, match.groups ?? {});
    this.#refuseLoop(name, request);
    return { request, owner: rule.owner, quotas: rule.quotas, rule: name };
  }

  #check(compiled: CompiledRule): void {
    const { rule, name } = compiled;
    const keys = rule.example === undefined ? examplesOf(rule.key ?? "") : [rule.example];
    const ending = rule.when === "tiff" ? "" : rule.when.marker;
    const provider = rule.provider ?? "s3";
    const matches = keys.some((key) => this.#apply(compiled, { provider, bucket: rule.bucket, key: key + ending }));
    if (matches) return;
    const shown = rule.example === undefined ? "no key that could be thought of: give an example" : rule.example;
    throw new ClearstackError("invalid-request", `${name} does not match ${shown}`);
  }

  /** An output that a rule takes for a source would be deconvolved again, and that again. */
  #refuseLoop(name: string, request: JobRequest): void {
    const { source, output } = request;
    if (urlsOverlap(source.url, output.url)) {
      throw new ClearstackError("invalid-request", `${name}: the output would lie in its source: write it elsewhere`);
    }
    // A TIFF is computed as a Zarr beside it, which is seen for a while.
    const outputs = [request, computedRequest(request), ...sampleSeries(request)].map((one) => one.output.url);
    const places = outputs.flatMap((url) => placeOf(url) ?? []);
    const watching = this.#rules.find((other) =>
      places.some((place) => matchPlace(other, place) && (other.rule.when !== "tiff" || TIFF.test(place.key)))
    );
    if (!watching) return;
    throw new ClearstackError(
      "invalid-request",
      `${name}: its output would be a source of ${watching.name}: write to a folder or bucket that no rule watches`,
    );
  }
}

/** The jobs of two images, as a plate and a conversion call them, where a rule asks for a job for each image. */
function sampleSeries(request: JobRequest): JobRequest[] {
  if (request.source.series === undefined) return [];
  assertFolder(request);
  return seriesRequests(request, ["A/1/0", "0"]);
}

function compile(rule: EventRule, name: string): CompiledRule {
  try {
    const pattern = rule.keyRegex === undefined
      ? globToRegExp(rule.key ?? "", { globstar: true, extended: false, os: "linux" })
      : new RegExp(`^(?:${rule.keyRegex})$`, "su");
    return { rule, name, pattern };
  } catch (cause) {
    throw new ClearstackError("invalid-request", `${name}: ${toClearstackError(cause).message}`, { cause });
  }
}

/** Keys that a glob may match. */
function examplesOf(glob: string): string[] {
  const key = glob.replace(/\*+/g, "sample").replaceAll("?", "x");
  return [key, `${key}.tif`, `${key}.zarr`];
}

/** The volume that an uploaded object is, or says that it is complete. */
function volumeOf({ when }: EventRule, { provider, bucket, key }: Place): Place | undefined {
  if (when === "tiff") return TIFF.test(key) ? { provider, bucket, key } : undefined;
  if (!key.endsWith(when.marker) || key.length === when.marker.length) return undefined;
  return { provider, bucket, key: key.slice(0, -when.marker.length) };
}

function matchPlace({ rule, pattern }: CompiledRule, { provider, bucket, key }: Place): RegExpExecArray | null {
  const elsewhere = rule.bucket !== bucket || (rule.provider ?? provider) !== provider;
  return elsewhere ? null : pattern.exec(key);
}

function requestOf(
  { rule, name }: CompiledRule,
  volume: Place,
  groups: Record<string, string | undefined>,
): JobRequest {
  const { provider, bucket, key } = volume;
  const last = key.slice(key.lastIndexOf("/") + 1);
  const captured = Object.entries(groups).flatMap(([group, value]) => value === undefined ? [] : [[group, value]]);
  const stem = last.replace(/(\.ome)?\.(zarr|tiff?|btf)$/i, "");
  const values = { ...Object.fromEntries(captured), bucket, key, name: last, stem };
  const { source, psf, output, ...rest } = fillJson({ source: {}, ...rule.job }, values) as Record<string, unknown>;
  const located = (place: unknown) => typeof place === "string" ? { url: place } : place;
  const { success, data, error } = JobRequestSchema.safeParse({
    ...rest,
    source: { ...source as object, url: `${provider}://${bucket}/${encodeKey(key)}` },
    psf: Array.isArray(psf) ? psf.map(located) : located(psf),
    output: located(output),
  });
  if (success) return data;
  throw new ClearstackError("invalid-request", `${name}: job: ${toProblem(error).detail}`, { cause: error });
}

/** The place that a URL of an object store names; undefined for any other URL. */
function placeOf(url: string): Place | undefined {
  const [, provider, host, path] = /^(s3|gs|az):\/\/([^/]+)\/(.*?)\/*$/is.exec(url) ?? [];
  if (provider === undefined || host === undefined || path === undefined) return undefined;
  const key = decode(path);
  if (provider.toLowerCase() !== "az") return { provider: provider.toLowerCase() as Provider, bucket: host, key };
  const [container = "", ...segments] = key.split("/");
  return { provider: "az", bucket: `${host.split(".")[0]}/${container}`, key: segments.join("/") };
}

/** A path that is not percent-encoded stands for itself, as stores take it. */
function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
