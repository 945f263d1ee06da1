/** The form that an output takes by its name, and the place where one that is no Zarr is computed first. */
import { ClearstackError } from "shared/errors.ts";
import { canonicalUrl, isPlainName, objectUrl, redactUrl, splitObject } from "shared/storage/url.ts";

/** Ending of the Zarr in which an output that is no Zarr is computed. */
const UNFINISHED = ".unfinished.zarr";

/** What of a request decides the form of its output. */
interface OutputRequest {
  readonly output: {
    readonly url: string;
    readonly ifExists: "fail" | "resume" | "overwrite";
    readonly pyramid: "auto" | "none";
  };
}

/** The ending of an output's name in small letters, without its dot. A name without one is a Zarr's. */
function endingOf(url: string): string {
  const name = (isPlainName(url) ? url : url.split(/[?#]/)[0]!).replace(/[\\/]+$/, "").split(/[\\/:]/).at(-1)!;
  // Endings have a letter: `sample_0.5` has none.
  return /.\.([^.]*[a-z][^.]*)$/i.exec(name)?.[1]?.toLowerCase() ?? "zarr";
}

/** The form of an output; undefined for an ending of any other. */
function outputForm(url: string): "zarr" | "tiff" | undefined {
  const ending = endingOf(url);
  return ending === "zarr" ? "zarr" : ending === "tif" || ending === "tiff" ? "tiff" : undefined;
}

/** True for an output that is to be a TIFF. */
export function isTiffOutput(url: string): boolean {
  return outputForm(url) === "tiff";
}

/** @throws {ClearstackError} `invalid-request` for a URL that cannot be that of an output, with its path in a request */
export function assertOutputName(url: string): void {
  const fault = outputFault(url);
  if (fault === undefined) return;
  throw new ClearstackError("invalid-request", `output.url: ${fault}`, { path: "output.url", value: redactUrl(url) });
}

function outputFault(url: string): string | undefined {
  const form = outputForm(url);
  if (form === undefined) {
    return `an output is an OME-Zarr or a TIFF, not .${
      endingOf(url)
    }: give it a name that ends in .zarr, .tif or .tiff`;
  }
  const isBare = form === "tiff" && /^memory:[^/]*$/i.test(url);
  return isBare ? "a TIFF in memory lies in a folder: write memory:FOLDER/NAME.tif" : undefined;
}

/** The setting of a Zarr that was given to a TIFF, which is probably a mistake, or undefined. */
export function zarrSettingFault(
  { url, version, shards }: { readonly url: string; readonly version: string; readonly shards: unknown },
): { readonly name: "version" | "shards"; readonly message: string } | undefined {
  if (!isTiffOutput(url)) return undefined;
  const name = shards !== "auto" ? "shards" : version !== "0.5" ? "version" : undefined;
  const what = name === "shards" ? "shards (--shards)" : "version of OME-Zarr (--ome-version)";
  return name && { name, message: `a TIFF has no ${what}: leave it out, or end the output's name in .zarr` };
}

/** The place where an output that is a TIFF is computed: a Zarr beside it, which it is made of in the end. */
export function unfinishedUrl(url: string): string {
  const { base, key } = splitObject(canonicalUrl(url));
  return objectUrl(base, `${key}${UNFINISHED}`);
}

/**
 * The request of the Zarr in which an output is computed: the request itself where it asks for a Zarr. A TIFF has one level; what may be
 * replaced is decided by what lies in its own place.
 */
export function computedRequest<Request extends OutputRequest>(request: Request): Request {
  const { output } = request;
  if (!isTiffOutput(output.url)) return request;
  const ifExists = output.ifExists === "fail" ? "resume" : output.ifExists;
  return { ...request, output: { ...output, url: unfinishedUrl(output.url), ifExists, pyramid: "none" } };
}
