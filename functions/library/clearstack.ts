/**
 * Clearstack for programs: deconvolution of image volumes of any size, as `import ... from "@clearstack/clearstack"`.
 * docs/library.md has a guide.
 *
 * @module
 */
export { deconvolve, deconvolveSeries } from "./deconvolve.ts";
export { planJob } from "./plan_job.ts";
export { ClearstackError } from "shared/errors.ts";
export { openImage, openReadable, openStore } from "./stores.ts";
export { readBox } from "shared/image/read/read_box.ts";
export { generatePsf } from "shared/psf/generate/generate_psf.ts";
export { inspectPsf } from "shared/psf/measure/inspect_psf.ts";

export type { JobProgress } from "functions/orchestrate/run/job_run.ts";
export type { PreparedJob } from "functions/orchestrate/plan/prepare_job.ts";
export type { JobResult } from "shared/contract/job_status.ts";
export type { Warning } from "shared/contract/problem.ts";
export type { Plan } from "shared/contract/plan.ts";
export type { ErrorFields, ErrorKind } from "shared/errors.ts";
export type { Image } from "shared/image/image.ts";
export type { ReadableStore, Store } from "shared/storage/store.ts";
export type { StoreEnvironment } from "shared/storage/store_environment.ts";
export type { ArrayImage } from "./array_image.ts";
export type { ArrayResult, DeconvolveOptions, StoredResult } from "./deconvolve.ts";
export type { ImageSource, PsfSource } from "./local_request.ts";
