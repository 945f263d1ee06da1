/** How to look at an output, told once it is there. */
import { isTiffOutput } from "shared/image/output_form.ts";
import type { OmeVersion } from "shared/contract/stored_array.ts";
import { filePath, schemeOf } from "shared/storage/url.ts";
import { shellQuote } from "./shell_quote.ts";

/** The last lines of a result; nothing for outputs that are no files, since what viewers can read there depends on much. */
export function howToOpen(output: string, version: OmeVersion): string {
  if (schemeOf(output) !== "file") return "";
  const path = /^file:/i.test(output) ? filePath(output) : output;
  if (isTiffOutput(path)) {
    return `open it with ${
      shellQuote(["napari", path])
    }\nor in Fiji with File > Open (what it refuses, with Plugins > Bio-Formats)\n`;
  }
  const older = version === "0.4" ? "" : " (if it does not open OME-Zarr 0.5: --ome-version 0.4)";
  return `open it with ${shellQuote(["napari", "--plugin", "napari-ome-zarr", path])}\n` +
    `or in Fiji with Plugins > BigDataViewer > HDF5/N5/Zarr/OME-NGFF Viewer${older}\n`;
}
