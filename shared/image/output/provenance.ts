/** Provenance of an output, fit to be kept beside it: no secrets, enough to repeat the job. */
import type { JobControlSchema, JobRequest } from "shared/contract/job_request.ts";
import type { JobResult } from "shared/contract/job_status.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { PsfInfo } from "shared/contract/psf_info.ts";
import { psfLocations } from "shared/psf/psf_locations.ts";
import { canonicalUrl, redactUrl } from "shared/storage/url.ts";
import { VERSION } from "shared/version.ts";
import { versions } from "shared/process/versions.ts";
import type { TileSummary } from "./tile_times.ts";

/** A job request without user, password and query in its URLs. */
export function redactedRequest(request: JobRequest): JobRequest {
  const { source, psf, output, webhook } = request;
  return {
    ...request,
    source: redacted(source),
    psf: Array.isArray(psf) ? psf.map(redacted) : "optics" in psf ? psf : redacted(psf),
    output: redacted(output),
    ...(webhook ? { webhook: redacted(webhook) } : {}),
  };
}

/** A request as an output keeps it, and what of it must not be kept. */
interface KeptRequest {
  /** Places in full, so that they are found from any folder, without user, password and query; nothing of who is told, and when. */
  readonly request: Omit<JobRequest, keyof typeof JobControlSchema.shape>;
  /** The places that lost a user, password or query: `source`, `psf`, `output`. */
  readonly redacted: readonly string[];
}

/** Request as its output keeps it. */
export function keptRequest(request: JobRequest): KeptRequest {
  const { priority: _, webhook: __, ...kept } = request;
  const absolute = <Place extends { readonly url: string }>(place: Place): Place => ({
    ...place,
    url: redactUrl(canonicalUrl(place.url)),
  });
  const { source, psf, output } = kept;
  const lost = ({ url }: { readonly url: string }) => redactUrl(canonicalUrl(url)) !== canonicalUrl(url);
  const places = { source: [source], psf: psfLocations(request), output: [output] };
  return {
    request: {
      ...kept,
      source: absolute(source),
      psf: Array.isArray(psf) ? psf.map(absolute) : "optics" in psf ? psf : absolute(psf),
      output: absolute(output),
    },
    redacted: Object.entries(places).flatMap(([name, all]) => all.some(lost) ? [name] : []),
  };
}

function redacted<Place extends { readonly url: string }>(place: Place): Place {
  return { ...place, url: redactUrl(place.url) };
}

/** The `clearstack` attribute of a finished output. */
export function provenanceOf(
  plan: Plan,
  request: JobRequest,
  run: { readonly result: JobResult; readonly tiles: TileSummary; readonly finished: string },
): Record<string, unknown> {
  const { url, path, identity, format, dtype, selection } = plan.source;
  return {
    version: VERSION,
    planHash: plan.planHash,
    algorithm: { name: "richardson-lucy", ...plan.algorithm },
    ...(plan.decisions ? { decisions: plan.decisions } : {}),
    source: { url: redactUrl(url), path, identity, format, dtype, ...(selection === undefined ? {} : { selection }) },
    psf: psfProvenance(plan, request),
    tile: plan.tile,
    halo: plan.halo,
    box: plan.box,
    backend: run.result.backend,
    ...(run.result.intensity ? { intensity: run.result.intensity } : {}),
    ...(run.result.clipping ? { clipping: run.result.clipping } : {}),
    tiles: run.tiles,
    ...(run.result.warnings === undefined ? {} : { warnings: run.result.warnings }),
    ...(run.result.seam ? { seam: run.result.seam } : {}),
    ...(run.result.empty ? { empty: run.result.empty } : {}),
    versions: versions(),
    request: keptRequest(request).request,
    finished: run.finished,
  };
}

/** The PSF, or one for each channel. */
function psfProvenance({ psf }: Plan, request: JobRequest) {
  const locations = psfLocations(request).map(redacted);
  const factsOf = ({ sha256, shape, optics, opticsFrom, fit, normalisation }: PsfInfo) => ({
    ...{ sha256, shape },
    ...(optics === undefined ? {} : { optics }),
    ...(opticsFrom === undefined ? {} : { opticsFrom }),
    ...(fit === undefined ? {} : { fit }),
    ...(normalisation === undefined ? {} : { normalisation }),
  });
  if (psf.channels === undefined) return { ...locations[0]!, ...factsOf(psf) };
  return psf.channels.map((own) => ({
    ...locations[own.entry]!,
    ...(own.channel === undefined ? {} : { channel: own.channel }),
    ...factsOf(own),
  }));
}
