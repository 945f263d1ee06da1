/** Jobs in words. */
import { counted } from "shared/counted.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { JobStatus } from "shared/contract/job_status.ts";
import { costWords, type Fact, formatTime } from "../plan/plan_facts.ts";

/** Words for states. */
export const STATE_WORDS: Readonly<Record<JobStatus["state"], string>> = {
  queued: "Waiting",
  running: "Running",
  done: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
};

/** The last part of an address or a path. */
export function shortName(url: string): string {
  return url.split(/[?#]/)[0]!.split(/[\\/]/).findLast((part) => part !== "") ?? url;
}

/** A time as the reader's own clock has it. */
export function timeWords(iso: string): string {
  return new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/** How far a job is: tiles, and the time that is left. */
export function progressWords({ tiles, tilesDone, tilesResumed, etaSeconds, state }: JobStatus): string {
  const left = state === "running" && etaSeconds !== undefined ? `, about ${formatTime(etaSeconds)} to go` : "";
  const kept = tilesResumed > 0 ? ` (${tilesResumed.toLocaleString("en")} of an earlier run)` : "";
  return `${tilesDone.toLocaleString("en")} of ${counted(tiles, "tile")}${kept}${left}`;
}

/** What a job is of, and what it has taken. */
export function jobFacts(
  { id, owner, created, updated, request, deviceSeconds, cost, estimate, result }: JobStatus,
): Fact[] {
  const { algorithm, source, output } = request;
  return [
    ["Image", `${source.url}${source.path === undefined ? "" : `, ${source.path}`}`],
    ["PSF", psfWords(request.psf)],
    ["Output", output.url],
    [
      "Iterations",
      result === undefined && algorithm.stop !== "fixed"
        ? `at most ${algorithm.iterations}`
        : `${result?.iterations ?? algorithm.iterations}`,
    ],
    ["Time of the device", deviceTime(deviceSeconds, estimate?.kernelSeconds)],
    ...(cost === undefined ? [] : [["Cost", costWords(cost)] as const]),
    ...(result === undefined ? [] : [["Computed by", `${result.adapter} in ${formatTime(result.seconds)}`] as const]),
    ["Started", timeWords(created)],
    ["Last news", timeWords(updated)],
    ...(owner === undefined ? [] : [["Owner", owner] as const]),
    ["Id", id],
  ];
}

function deviceTime(seconds: number, estimated: number | undefined): string {
  const taken = seconds === 0 ? "none yet" : formatTime(seconds);
  return estimated === undefined ? taken : `${taken}; estimated: ${formatTime(estimated)}`;
}

function psfWords(psf: JobRequest["psf"]): string {
  if ("optics" in psf) return "computed from the optics";
  return [psf].flat().map(({ url }) => url).join(", ");
}
