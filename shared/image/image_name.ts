/** Name of an image that states none. */
import { redactUrl } from "shared/storage/url.ts";

/** The last part of a path or URL, without what says its format: `/data/embryo.ome.tif` -> `embryo`. */
export function imageName(url: string): string {
  const file = redactUrl(url).replace(/[\\/]+$/, "").split(/[\\/]/).at(-1)!;
  return file.replace(/(\.ome)?\.(tiff?|zarr)$/i, "") || file;
}
