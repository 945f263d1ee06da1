/** `series: "all"`: one request for each image of a source that has several. */
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { assertFolder, type SeriesRequest, seriesRequests } from "./series_requests.ts";

/**
 * The requests that a request stands for: itself, or one for each image, see {@link seriesRequests}.
 *
 * @throws {ClearstackError} `invalid-request` for an output that is a TIFF; `not-found` where there is no image; what listing
 * them throws
 */
export async function eachSeries<R extends SeriesRequest>(request: R, access: StoreAccess): Promise<R[]> {
  if (request.source.series === undefined) return [request];
  assertFolder(request);
  const { listSeries } = await import("./list_series.ts");
  return seriesRequests(request, await listSeries(request.source, access));
}
