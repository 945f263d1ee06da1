/** Media types of what is written, so that browsers and viewers take it for what it is. */

const BY_ENDING: Readonly<Record<string, string>> = {
  json: "application/json",
  zarray: "application/json",
  zattrs: "application/json",
  zgroup: "application/json",
  zmetadata: "application/json",
  tif: "image/tiff",
  tiff: "image/tiff",
  png: "image/png",
};

/** Media type by the ending of a key. */
export function mediaType(key: string): string {
  return BY_ENDING[key.slice(key.lastIndexOf(".") + 1)] ?? "application/octet-stream";
}
