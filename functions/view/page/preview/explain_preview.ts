/** Errors of deconvolving in the browser as the page tells them. */
import { isClearstackError } from "shared/errors.ts";
import { explainError, type Explanation } from "../data/explain_error.ts";

/** Names of settings as the command line has them, and what they are called here. */
const FLAGS: readonly (readonly [RegExp, string])[] = [
  [/--na\b/g, "the numerical aperture"],
  [/--index \([^)]*\)/g, "the immersion index"],
  [/--emission \([^)]*\)|--emission\b/g, "the emission wavelength"],
  [/the voxel size with convert --scale Z,Y,X --unit micrometer/g, "the voxel size"],
  [/memory:files\/\d+\//g, ""],
];

/** By kind of error. */
const MENDS: Readonly<Record<string, string>> = {
  "invalid-request": "Change the setting, and it is computed again.",
  "over-budget": "Zoom in, take a smaller PSF or fewer iterations, or leave the whole to a job on a server.",
  "no-device": "Choose WebAssembly, or a browser that has WebGPU on pages that come by https.",
  "device-lost": "Try again: the GPU is opened anew. If it is lost again, choose WebAssembly or a smaller region.",
  "device-memory": "Zoom in for a smaller region, or close other pages that use the GPU.",
  "corrupt-data": "Mend the image or the PSF, or choose another.",
  "unsupported": "Choose another PSF, or convert it: clearstack convert.",
  "failed-check": "Choose WebAssembly, and report the GPU and the browser.",
};

const NO_WEBASSEMBLY: Explanation = {
  problem: "this browser has neither a GPU by WebGPU nor WebAssembly with SIMD",
  mend: "Use a current browser, or look at a view that a server computes: clearstack view IMAGE --psf PSF.",
};

/** What is wrong, and how to mend it here. @param origin of the page */
export function explainPreview(error: unknown, origin: string): Explanation {
  const { problem, mend } = explainError(error, origin);
  const said = FLAGS.reduce((words, [flag, name]) => words.replace(flag, name), problem);
  // What the error says of drivers is for those who run a server.
  if (isClearstackError(error, "no-device")) {
    return { problem: "this browser offers no GPU by WebGPU", mend: MENDS[error.kind]! };
  }
  if (isClearstackError(error, "internal") && /WebAssembly|CompileError/.test(problem)) return { ...NO_WEBASSEMBLY };
  if (!isClearstackError(error) || error.path === "cors" || error.path === "mixed") return { problem: said, mend };
  return { problem: said, mend: MENDS[error.kind] ?? mend };
}
