/**
 * Where an output came from, fit to be kept beside it: no secrets, enough to repeat the job.
 */
import type { JobRequest } from "../contract/job_request.ts";
import type { JobResult } from "../contract/job_status.ts";
import type { Plan } from "../contract/plan.ts";
import type { TileReport } from "../contract/tile.ts";
import { psfLocations } from "../psf_locations.ts";
import { redactUrl } from "../storage/url.ts";
import { VERSION } from "../version.ts";

/** A job request without user, password and query in its URLs. */
export function redactedRequest(request: JobRequest): JobRequest {
  const { source, psf, output, webhook } = request;
  return {
    ...request,
    source: redacted(source),
    psf: Array.isArray(psf) ? psf.map(redacted) : redacted(psf),
    output: redacted(output),
    ...(webhook ? { webhook: redacted(webhook) } : {}),
  };
}

function redacted<Place extends { readonly url: string }>(place: Place): Place {
  return { ...place, url: redactUrl(place.url) };
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
  const { url, path, identity, dtype, selection } = plan.source;
  const adapters = new Set([run.result.adapter, ...(run.reports ?? []).map((report) => report.adapter)]);
  return {
    version: VERSION,
    planHash: plan.planHash,
    algorithm: { name: "richardson-lucy", ...plan.algorithm },
    ...(plan.decisions ? { decisions: plan.decisions } : {}),
    source: { url: redactUrl(url), path, identity, dtype, ...(selection === undefined ? {} : { selection }) },
    psf: psfProvenance(plan, request),
    tile: plan.tile,
    halo: plan.halo,
    box: plan.box,
    backend: run.result.backend,
    adapters: [...adapters].sort(),
    ...(run.result.seam ? { seam: run.result.seam } : {}),
    finished: run.finished,
  };
}

/** The PSF, or one for each channel. */
function psfProvenance({ psf }: Plan, request: JobRequest) {
  const locations = psfLocations(request).map(redacted);
  if (psf.channels === undefined) return { ...locations[0]!, sha256: psf.sha256, shape: psf.shape };
  return psf.channels.map(({ entry, channel, sha256, shape }) => ({
    ...locations[entry]!,
    ...(channel === undefined ? {} : { channel }),
    ...{ sha256, shape },
  }));
}
