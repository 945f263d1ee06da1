/** The findings as a section of infra/bench/RESULTS.md. */
import { formatVec3, voxelCount } from "shared/volume/geometry.ts";
import type { Check } from "./check.ts";
import type { BenchBox } from "./specimen.ts";
import type { Cut, Timing } from "./time_own.ts";
import type { PeerTiming } from "./time_peers.ts";
import type { WholeJob } from "./whole_job.ts";

/** Everything found on one box. */
export interface BoxFindings extends BenchBox {
  readonly timings: readonly Timing[];
  readonly cuts: readonly Cut[];
  /** Timings of others, or why there are none. */
  readonly peers: PeerTiming | string;
}

interface Findings {
  readonly adapter: string;
  readonly date: string;
  readonly runtime: string;
  readonly checks: readonly Check[];
  /** Bytes per second read and written. */
  readonly copyBandwidth: number;
  readonly boxes: readonly BoxFindings[];
  readonly job: WholeJob | undefined;
}

export function reportSection(findings: Findings): string {
  const { adapter, date, runtime, checks, copyBandwidth, boxes, job } = findings;
  const lines = [
    `## ${adapter}`,
    "",
    `${date}, ${runtime}. Copies move ${(copyBandwidth / 1e9).toFixed(1)} GB/s (read and written).`,
    "",
    "| against the float64 reference | error of peak | bound |",
    "|---|---|---|",
    ...checks.map(({ name, error, bound }) =>
      `| ${name} | ${error.toExponential(1)} | ${bound.toExponential(0)} ${error <= bound ? "kept" : "**broken**"} |`
    ),
    "",
    ...boxes.flatMap((box) => [...boxLines(box, copyBandwidth), ""]),
  ];
  if (job) {
    lines.push(
      `Whole job, ${job.shape.join(" x ")} uint16 from Zarr to Zarr, PSF ${job.psf.join(" x ")}, tiles ` +
        `${job.tile.join(" x ")}, ${job.iterations} iterations: **${job.seconds.toFixed(1)} s**, ` +
        `${job.usefulGigavoxelIterations.toFixed(2)} useful Gvoxel-iterations/s.`,
      "",
    );
  }
  return lines.join("\n");
}

function boxLines({ box, core, timings, cuts, peers }: BoxFindings, copyBandwidth: number): string[] {
  const voxels = voxelCount(box);
  const rate = (milliseconds: number, count: number) => (count / milliseconds / 1e6).toPrecision(3);
  const head = [
    `### ${box.join(" x ")}, core ${core.join(" x ")}`,
    "",
    "| | ms, device | ms, wall | slab planes | B/voxel | GB/s | of copy | Gvoxel-it/s | useful | device B/voxel |",
    "|---|---|---|---|---|---|---|---|---|---|",
  ];
  const rows = timings.map((timing) => {
    const { name, deviceMs, wallMs, slabPlanes, trafficPerVoxel, allocatedBytes } = timing;
    const milliseconds = deviceMs ?? wallMs;
    const bandwidth = (trafficPerVoxel * voxels * 1000) / milliseconds;
    const cells = [
      name,
      deviceMs?.toPrecision(4) ?? "no clock",
      wallMs.toPrecision(4),
      slabPlanes ?? "all",
      trafficPerVoxel.toFixed(1),
      (bandwidth / 1e9).toFixed(1),
      `${((100 * bandwidth) / copyBandwidth).toFixed(0)} %`,
      rate(wallMs, voxels),
      rate(wallMs, voxelCount(core)),
      (allocatedBytes / voxels).toFixed(1),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [...head, ...rows, ...peerLines(timings, peers, voxels), ...tuningLines(timings, cuts)];
}

function peerLines(timings: readonly Timing[], peers: PeerTiming | string, voxels: number): string[] {
  if (typeof peers === "string") return ["", `Not compared with others: ${peers}.`];
  const { library, blogMs, tunedMs, difference } = peers;
  const others = [["the 2020 blog's code", blogMs], ["tuned by hand", tunedMs]] as const;
  return [
    "",
    `| ${library} | ms, wall | Gvoxel-it/s | ${timings.map(({ name }) => `${name} is faster by`).join(" | ")} |`,
    `|---|---|---|${timings.map(() => "---|").join("")}`,
    ...others.map(([name, milliseconds]) => {
      const ratios = timings.map(({ wallMs }) => `${(milliseconds / wallMs).toFixed(2)} x`);
      const cells = [name, milliseconds.toPrecision(4), (voxels / milliseconds / 1e6).toPrecision(3), ...ratios];
      return `| ${cells.join(" | ")} |`;
    }),
    "",
    `The estimates differ by ${difference.toExponential(1)} of the peak.`,
  ];
}

function tuningLines(timings: readonly Timing[], cuts: readonly Cut[]): string[] {
  const slabs = timings.map(({ name, tried }) => {
    const attempts = tried.map(([planes, milliseconds]) =>
      `${planes ?? "all"} planes ${milliseconds.toPrecision(3)} ms`
    );
    return `- ${name}: ${attempts.join(", ") || "no clock"}`;
  });
  const shapes = cuts.slice(0, 4).map(({ caps, milliseconds }) =>
    `- ${caps.maxComputeWorkgroupStorageSize! / 1024} KiB and ${caps.maxComputeInvocationsPerWorkgroup} invocations ` +
    `per workgroup: ${milliseconds.toPrecision(3)} ms`
  );
  return [
    ...["", "Slabs tried:", "", ...slabs],
    ...(shapes.length > 0 ? ["", "Fastest workgroups (float32, whole box):", "", ...shapes] : []),
  ];
}

/** One line for the terminal while the run goes on. */
export function progressLine({ box, timings }: Pick<BoxFindings, "box" | "timings">): string {
  const each = timings.map(({ name, wallMs }) => `${name} ${wallMs.toPrecision(3)} ms`);
  return `${formatVec3(box)}: ${each.join("; ")}`;
}
