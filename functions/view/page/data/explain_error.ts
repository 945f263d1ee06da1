/** Errors as the page tells them: what is wrong, and the mend. */
import { isClearstackError } from "shared/errors.ts";

/** An error for a reader. */
export interface Explanation {
  readonly problem: string;
  readonly mend: string;
}

/** Explains why an image could not be read. @param origin of the page */
export function explainError(error: unknown, origin: string): Explanation {
  if (!isClearstackError(error)) {
    const problem = error instanceof Error ? error.message : String(error);
    return { problem, mend: "Reload the page. If this comes back, report it with the address of the image." };
  }
  // The command line has a flag for what the page takes as a part of the address.
  const problem = error.message.replace(/; (choose|name) one with --path.*$/s, "");
  if (error.kind === "forbidden" && error.path === "cors") {
    return {
      problem,
      mend:
        `Have the server send “Access-Control-Allow-Origin: ${origin}” with every answer, those of missing objects ` +
        "included (CORS). An image that you have as files: clearstack show SOURCE RESULT.",
    };
  }
  if (error.kind === "forbidden" && error.path === "mixed") {
    return { problem, mend: "Serve the image by https, or open this page by http from your own machine." };
  }
  return { problem, mend: MENDS[error.kind] ?? "Check the address." };
}

/** By kind of error. */
const MENDS: Readonly<Record<string, string>> = {
  "forbidden": "Check the address and your right to read it; a signed URL may have expired.",
  "not-found":
    "Give the address of the OME-Zarr itself: the folder that holds zarr.json or .zattrs with “multiscales”.",
  "store-unavailable": "Check the address and the network, and try again.",
  "unsupported": "Make a copy that every viewer reads: clearstack convert SOURCE COPY.zarr, and open the copy.",
  "invalid-request":
    "Give the address of one image: https:// or http:// and its folder, of a plate for example plate.zarr/A/1/0.",
  "corrupt-data": "Copy the image again, or write it again.",
};
