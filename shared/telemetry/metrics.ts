/** The one list of what is measured: every process has all of it, and fills in what it does. */
import { ERROR_KINDS } from "shared/errors.ts";
import { VERSION } from "shared/version.ts";
import { AgeGauge, type AnyInstrument, Counter, Gauge, Histogram, prometheusText } from "./registry.ts";

/** From a tile of a test to one of many iterations on a CPU. */
const TASK_SECONDS = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000];
const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];
/** Differences at seams relative to the peak; a halo that suffices gives 1e-4 and less. */
const SEAM_DIFFERENCES = [1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1];

/** Totals of tasks, counted where they are done; also what a job gave up or had done twice. */
export const TASKS = {
  ended: new Counter({
    name: "clearstack_tasks_total",
    help: "Tasks that ended here, by kind (tiles, seams, pilots, levels) and outcome (done, failed, cancelled).",
    labels: ["kind", "outcome"],
  }),
  seconds: new Histogram({
    name: "clearstack_task_seconds",
    help: "Seconds from a task's arrival to its report.",
    labels: ["kind"],
  }, TASK_SECONDS),
  partSeconds: new Histogram({
    name: "clearstack_tile_part_seconds",
    help: "Seconds that tiles took to read, compute (waiting for the device left out) and write.",
    labels: ["part"],
  }, TASK_SECONDS),
  voxels: new Counter({
    name: "clearstack_voxels_total",
    help: "Voxels of the output in tasks that are done, halos left out.",
    labels: ["kind"],
  }),
  voxelIterations: new Counter({
    name: "clearstack_voxel_iterations_total",
    help: "Voxels that tiles and pilots were computed on, halos included, times iterations.",
    labels: ["kind", "backend"],
  }),
  deviceSeconds: new Counter({
    name: "clearstack_device_seconds_total",
    help: "Seconds that tiles and pilots took of a GPU, or of the CPU where it computes, transfers included.",
    labels: ["kind", "backend"],
  }),
  readBytes: new Counter({
    name: "clearstack_read_bytes_total",
    help: "Stored bytes that were fetched.",
    labels: ["kind"],
  }),
  writtenBytes: new Counter({
    name: "clearstack_written_bytes_total",
    help: "Stored bytes that were written.",
    labels: ["kind"],
  }),
} as const;

/** Metrics of the drivers of jobs. */
export const JOBS = {
  ended: new Counter({
    name: "clearstack_jobs_total",
    help: "Jobs that ended here, by state (done, failed, cancelled) and by the kind of error that failed them.",
    labels: ["state", "reason"],
  }),
  running: new Gauge({ name: "clearstack_jobs_running", help: "Jobs that this process works on.", labels: [] }),
  queued: new Gauge({
    name: "clearstack_jobs_queued",
    help: "Jobs that wait and that this process may take.",
    labels: [],
  }),
  oldestQueuedSeconds: new AgeGauge({
    name: "clearstack_jobs_queued_oldest_seconds",
    help: "How long this process has known of the job that waits longest; 0 where none waits.",
    labels: [],
  }),
  inFlight: new Gauge({
    name: "clearstack_tasks_in_flight",
    help: "Tasks that were given to an instance and have not come back.",
    labels: ["kind"],
  }),
  waiting: new Gauge({
    name: "clearstack_tasks_waiting",
    help: "Tasks that wait for an instance with room.",
    labels: ["kind"],
  }),
  retries: new Counter({
    name: "clearstack_retries_total",
    help: "Attempts that failed and were followed by another, by kind of task and of error.",
    labels: ["kind", "reason"],
  }),
  seamDifference: new Histogram({
    name: "clearstack_seam_difference_ratio",
    help: "Largest difference found where tiles meet, relative to the peak; one value for each job that was checked.",
    labels: [],
  }, SEAM_DIFFERENCES),
} as const;

/** Uploads that object stores tell of. */
export const UPLOADS = {
  told: new Counter({
    name: "clearstack_uploads_total",
    help:
      "Uploads by what became of them: accepted, ignored or refused when they were told, failed if no job could be started.",
    labels: ["outcome"],
  }),
  waiting: new AgeGauge({
    name: "clearstack_uploads_waiting_oldest_seconds",
    help: "How long ago the upload was told that has waited longest for its job; 0 where none waits.",
    labels: [],
  }),
} as const;

/** The process itself. */
export const PROCESS = {
  requestSeconds: new Histogram({
    name: "clearstack_request_seconds",
    help: "Seconds until a request was answered, by route and status.",
    labels: ["method", "route", "status"],
  }, REQUEST_SECONDS),
  ready: new Gauge({
    name: "clearstack_ready",
    help: "1 where the last look found that work can be done here, else 0.",
    labels: ["function"],
  }),
  memory: new Gauge({
    name: "clearstack_memory_bytes",
    help: "Memory of the process: resident, and what JavaScript holds of it (heap, external).",
    labels: ["part"],
  }),
  build: new Gauge({ name: "clearstack_build_info", help: "1, with the version.", labels: ["version"] }),
} as const;

/** All of the above. */
export const INSTRUMENTS: readonly AnyInstrument[] = [TASKS, JOBS, UPLOADS, PROCESS].flatMap((group) =>
  Object.values(group) as unknown as AnyInstrument[]
);

/** Metrics of this process, as Prometheus reads them. */
export function metricsText(): string {
  lookAtProcess();
  return prometheusText(INSTRUMENTS);
}

/** Brings up to date what is only known by looking. */
export function lookAtProcess(): void {
  const { rss, heapUsed, external } = Deno.memoryUsage();
  PROCESS.memory.set(rss, { part: "resident" });
  PROCESS.memory.set(heapUsed, { part: "heap" });
  PROCESS.memory.set(external, { part: "external" });
  PROCESS.build.set(1, { version: VERSION });
}

/** Counts a job that has ended. @param reason kind of the error that failed it */
export function countEnded(state: string, reason = ""): void {
  JOBS.ended.add(1, { state, reason });
}

/** Shows every way for a job to end before one has: rates of what never happened are 0, and the first time is not lost to them. */
export function showJobEnds(): void {
  for (const state of ["done", "cancelled"]) JOBS.ended.add(0, { state, reason: "" });
  for (const reason of ERROR_KINDS) JOBS.ended.add(0, { state: "failed", reason });
}
