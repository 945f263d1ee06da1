/** The requests for each image of a source, and what their output must be. */
import type { Location } from "shared/contract/location.ts";
import { ClearstackError } from "shared/errors.ts";
import { isPlainName, keyUrl } from "shared/storage/url.ts";
import { isTiffOutput } from "./output_form.ts";

/** What of a request names images. */
export interface SeriesRequest {
  readonly source: Location;
  readonly output: { readonly url: string };
}

/** @throws {ClearstackError} `invalid-request` if all images were to become one TIFF */
export function assertFolder({ output: { url } }: SeriesRequest): void {
  if (!isTiffOutput(url)) return;
  throw new ClearstackError(
    "invalid-request",
    `all images (series) become a folder of one Zarr each, and the output is called as a TIFF is: leave out its ending`,
    { path: "output.url" },
  );
}

/**
 * One request for each image, whose outputs lie in the folder that the request names, each under the path of its image: `A/1/0`
 * in `A_1_0.zarr`.
 *
 * @param paths of the images, as a location names them; an empty one is the source itself
 * @throws {ClearstackError} `not-found` where there is no image; `unsupported` for two images of one name
 */
export function seriesRequests<R extends SeriesRequest>(request: R, paths: readonly string[]): R[] {
  const { series: _, ...source } = request.source;
  if (paths.length === 0) throw new ClearstackError("not-found", "the source has no image", { path: "source.url" });
  const named = new Map<string, string>();
  return paths.map((path) => {
    const name = `${path === "" ? "0" : path.replaceAll("/", "_")}.zarr`;
    const other = named.get(name);
    if (other !== undefined) {
      throw new ClearstackError(
        "unsupported",
        `the images ${other} and ${path} would both become ${name}: choose each with its path instead of series`,
      );
    }
    named.set(name, path);
    return {
      ...request,
      source: path === "" ? source : { ...source, path },
      output: { ...request.output, url: urlBelow(request.output.url, name) },
    };
  });
}

/** More could not be planned in the time that an answer may take. */
const MAX_IMAGES = 1000;

/**
 * As {@link seriesRequests}, where one answer is about all of them.
 *
 * @throws {ClearstackError} `over-budget` for more than 1,000 images
 */
export function answeredRequests<R extends SeriesRequest>(request: R, paths: readonly string[]): R[] {
  const requests = seriesRequests(request, paths);
  if (requests.length <= MAX_IMAGES) return requests;
  throw new ClearstackError(
    "over-budget",
    `the source has ${requests.length} images, and one request is for ${MAX_IMAGES} at most: name a part of it by source.path`,
    { need: requests.length, limit: MAX_IMAGES, path: "source.series" },
  );
}

/** The URL or path of what lies in a folder, spelled as the folder is. */
function urlBelow(folder: string, name: string): string {
  return isPlainName(folder) ? `${folder.replace(/\/+$/, "")}/${name}` : keyUrl(folder, name);
}
