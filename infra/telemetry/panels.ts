/** Content of the dashboard: rows of panels, each with its queries. */

/** Units as Grafana names them. */
type Unit = "short" | "s" | "Bps" | "bytes" | "ops" | "percentunit" | "reqps";

/** One graph. */
interface Panel {
  readonly title: string;
  /** Purpose of the panel. */
  readonly description: string;
  readonly unit: Unit;
  /** Legend and PromQL. */
  readonly queries: Readonly<Record<string, string>>;
}

/** Panels under a heading. */
interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const RATE = "[$__rate_interval]";

function quantiles(name: string, label: string): Record<string, string> {
  const of = (q: number) => `histogram_quantile(${q}, sum by (le, ${label}) (rate(${name}_bucket${RATE})))`;
  return { [`half of {{${label}}}`]: of(0.5), [`95 % of {{${label}}}`]: of(0.95) };
}

/** From what users see to what machines do. */
export const ROWS: readonly Row[] = [
  {
    title: "Jobs",
    panels: [
      {
        title: "Jobs",
        description: "Waiting and running, over all orchestrators.",
        unit: "short",
        // Orchestrators that share a store all know of the same waiting jobs.
        queries: { waiting: "max(clearstack_jobs_queued)", running: "sum(clearstack_jobs_running)" },
      },
      {
        title: "Longest wait",
        description: "How long the oldest waiting job has been known.",
        unit: "s",
        queries: { oldest: "max(clearstack_jobs_queued_oldest_seconds)" },
      },
      {
        title: "Jobs ended, in an hour",
        description: "By state.",
        unit: "short",
        queries: { "{{state}}": "sum by (state) (increase(clearstack_jobs_total[1h]))" },
      },
      {
        title: "Seams",
        description: "Largest difference where tiles meet, relative to the peak: 95 % of jobs stay below.",
        unit: "percentunit",
        queries: {
          "95 %": "histogram_quantile(0.95, sum by (le) (increase(clearstack_seam_difference_ratio_bucket[6h])))",
        },
      },
    ],
  },
  {
    title: "Failures and uploads",
    panels: [
      {
        title: "Jobs failed, in an hour",
        description:
          "By the kind of error: internal and failed-check are the service's own, most others the callers' business.",
        unit: "short",
        queries: { "{{reason}}": 'sum by (reason) (increase(clearstack_jobs_total{state="failed"}[1h]))' },
      },
      {
        title: "Uploads, in an hour",
        description: "By what became of them: refused and failed ones start no job, and the log of api says why.",
        unit: "short",
        queries: { "{{outcome}}": "sum by (outcome) (increase(clearstack_uploads_total[1h]))" },
      },
      {
        title: "Longest wait of an upload",
        description: "Since it was told, until its job is started.",
        unit: "s",
        queries: { oldest: "max(clearstack_uploads_waiting_oldest_seconds)" },
      },
    ],
  },
  {
    title: "Tasks",
    panels: [
      {
        title: "Tasks a second",
        description: "By kind and outcome, counted where they are done.",
        unit: "ops",
        queries: { "{{kind}} {{outcome}}": `sum by (kind, outcome) (rate(clearstack_tasks_total${RATE}))` },
      },
      {
        title: "Tasks in flight and waiting",
        description: "Waiting tasks with none in flight mean that no instance takes any.",
        unit: "short",
        queries: {
          "{{kind}} in flight": "sum by (kind) (clearstack_tasks_in_flight)",
          "{{kind}} waiting": "sum by (kind) (clearstack_tasks_waiting)",
        },
      },
      {
        title: "Retries a second",
        description: "Attempts that failed and were followed by another, by the kind of error.",
        unit: "ops",
        queries: { "{{kind}}: {{reason}}": `sum by (kind, reason) (rate(clearstack_retries_total${RATE}))` },
      },
      {
        title: "Seconds of a task",
        description: "From its arrival to its report.",
        unit: "s",
        queries: quantiles("clearstack_task_seconds", "kind"),
      },
    ],
  },
  {
    title: "Computation",
    panels: [
      {
        title: "Voxel iterations a second of device time",
        description: "How fast devices compute, halos included; it falls where boxes are small or a GPU is shared.",
        unit: "short",
        queries: {
          "{{backend}}":
            `sum by (backend) (rate(clearstack_voxel_iterations_total${RATE})) / sum by (backend) (rate(clearstack_device_seconds_total${RATE}))`,
        },
      },
      {
        title: "Devices that compute",
        description: "Seconds of devices in a second: against the number of instances, their use.",
        unit: "short",
        queries: {
          "{{backend}}": `sum by (backend) (rate(clearstack_device_seconds_total${RATE}))`,
          "ready instances": 'sum(clearstack_ready{function="deconvolve"})',
        },
      },
      {
        title: "Where the time of a tile goes",
        description: "Mean seconds to read, compute and write.",
        unit: "s",
        queries: {
          "{{part}}":
            `sum by (part) (rate(clearstack_tile_part_seconds_sum${RATE})) / sum by (part) (rate(clearstack_tile_part_seconds_count${RATE}))`,
        },
      },
      {
        title: "Voxels of output a second",
        description: "Halos left out.",
        unit: "short",
        queries: { "{{kind}}": `sum by (kind) (rate(clearstack_voxels_total${RATE}))` },
      },
    ],
  },
  {
    title: "Storage, requests and processes",
    panels: [
      {
        title: "Stored bytes a second",
        description: "As they go over the network, compressed.",
        unit: "Bps",
        queries: {
          read: `sum(rate(clearstack_read_bytes_total${RATE}))`,
          written: `sum(rate(clearstack_written_bytes_total${RATE}))`,
        },
      },
      {
        title: "Requests a second",
        description: "By route and status.",
        unit: "reqps",
        queries: {
          "{{method}} {{route}} {{status}}":
            `sum by (method, route, status) (rate(clearstack_request_seconds_count${RATE}))`,
        },
      },
      {
        title: "Seconds of a request",
        description: "Until it is answered; streams until they begin.",
        unit: "s",
        queries: quantiles("clearstack_request_seconds", "route"),
      },
      {
        title: "Memory",
        description: "Of each process.",
        unit: "bytes",
        queries: { "{{instance}}": 'clearstack_memory_bytes{part="resident"}' },
      },
    ],
  },
];
