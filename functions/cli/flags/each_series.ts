/** `--series all`: one request for each image of a source that has several. */
import type { Location } from "shared/contract/location.ts";
import { ClearstackError } from "shared/errors.ts";
import { isTiffOutput } from "shared/image/output_form.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";

/**
 * The requests that a request stands for: itself, or one for each image, whose outputs lie in the folder that it names, each under the
 * path of its image: `A/1/0` in `A_1_0.zarr`.
 *
 * @throws {ClearstackError} `not-found` where there is no image; what listing them throws
 */
export async function eachSeries<R extends { readonly source: Location; readonly output: { readonly url: string } }>(
  request: R,
  access: StoreAccess,
): Promise<R[]> {
  const { series, ...source } = request.source;
  if (series === undefined) return [request];
  if (isTiffOutput(request.output.url)) {
    throw new ClearstackError(
      "invalid-request",
      `--series all writes a folder of one Zarr for each image, and ${request.output.url} is the name of a TIFF: leave out ` +
        "its ending",
    );
  }
  const { listSeries } = await import("shared/image/list_series.ts");
  const paths = await listSeries(source, access);
  if (paths.length === 0) throw new ClearstackError("not-found", `${source.url} has no image`);
  return paths.map((path) => {
    const name = `${path === "" ? "0" : path.replaceAll("/", "_")}.zarr`;
    return {
      ...request,
      source: path === "" ? source : { ...source, path },
      output: { ...request.output, url: `${request.output.url.replace(/\/+$/, "")}/${name}` },
    };
  });
}
