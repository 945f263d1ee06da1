/**
 * Where an output came from, fit to be kept beside it: no secrets, enough to repeat the job.
 */
import type { JobRequest } from "../contract/job_request.ts";
import type { JobResult } from "../contract/job_status.ts";
import type { Plan } from "../contract/plan.ts";
import type { TileReport } from "../contract/tile.ts";
import { redactUrl } from "../storage/url.ts";
import { VERSION } from "../version.ts";

/** A job request without user, password and query in its URLs. */
export function redactedRequest(request: JobRequest): JobRequest {
  const { source, psf, output } = request;
  return {
    ...request,
    source: { ...source, url: redactUrl(source.url) },
    psf: { ...psf, url: redactUrl(psf.url) },
    output: { ...output, url: redactUrl(output.url) },
  };
}

/** The `clearstack` attribute of a finished output. */
export function provenanceOf(
  plan: Plan,
  request: JobRequest,
  run: {
    readonly result: JobResult;
    readonly reports?: readonly TileReport[] | undefined;
    readonly finished: string;
  },
): Record<string, unknown> {
  const { url, path, identity, dtype } = plan.source;
  const adapters = new Set([run.result.adapter, ...(run.reports ?? []).map((report) => report.adapter)]);
  return {
    version: VERSION,
    planHash: plan.planHash,
    algorithm: { name: "richardson-lucy", ...plan.algorithm },
    ...(plan.decisions ? { decisions: plan.decisions } : {}),
    source: { url: redactUrl(url), path, identity, dtype },
    psf: { url: redactUrl(request.psf.url), sha256: plan.psf.sha256, shape: plan.psf.shape },
    tile: plan.tile,
    halo: plan.halo,
    box: plan.box,
    backend: run.result.backend,
    adapters: [...adapters].sort(),
    ...(run.result.seam ? { seam: run.result.seam } : {}),
    finished: run.finished,
  };
}
