/** The findings as a section of infra/bench/RESULTS.md. */
import { formatVec3, voxelCount } from "shared/volume/geometry.ts";
import type { Check } from "./check.ts";
import type { FirstTile } from "./first_tile.ts";
import type { BenchBox } from "./specimen.ts";
import type { Cut, Timing } from "./time_own.ts";
import type { PeerTiming } from "./time_peers.ts";
import type { TuningHash } from "./tuning_hashes.ts";
import type { WholeJob } from "./whole_job.ts";

/** Everything found on one box. */
interface MeasuredBox extends BenchBox {
  readonly check: Check;
  readonly hashes: readonly TuningHash[];
  readonly timings: readonly Timing[];
  readonly cuts: readonly Cut[];
  /** Timings of others, or why there are none. */
  readonly peers: PeerTiming | string;
  /** True if the check holds and all tunings give the same bytes. */
  readonly isRight: boolean;
}

/** What is known of a box, or why nothing is. */
export type BoxFindings = MeasuredBox | (BenchBox & { readonly failure: string });

/** What stands at the head of every section. */
interface Circumstances {
  readonly adapter: string;
  readonly date: string;
  readonly runtime: string;
}

/** Everything that is known so far. */
export interface Findings extends Circumstances {
  readonly checks: readonly Check[];
  /** Bytes per second read and written. */
  readonly copyBandwidth: number | undefined;
  readonly firstTile: FirstTile | undefined;
  readonly boxes: readonly BoxFindings[];
  /** How long all of it took, once it has ended. */
  readonly end: string | undefined;
}

export function reportSection(findings: Findings): string {
  const { adapter, date, runtime, checks, copyBandwidth, firstTile, boxes, end } = findings;
  const copies = copyBandwidth === undefined
    ? "The copy is unmeasured."
    : `Copies move ${(copyBandwidth / 1e9).toFixed(1)} GB/s (read and written).`;
  return [
    `## ${adapter}`,
    "",
    `${date}, ${runtime}. ${copies} ${
      end === undefined ? "**Unfinished: this is what was known so far.**" : `All of it took ${end}.`
    }`,
    "",
    "| against the float64 reference | error of peak | bound |",
    "|---|---|---|",
    ...checks.map(checkLine),
    "",
    ...(firstTile ? [firstTileLine(firstTile), ""] : []),
    ...boxes.flatMap((box) => [...boxLines(box, copyBandwidth ?? NaN), ""]),
  ].join("\n");
}

export function jobSection({ adapter, date, runtime }: Circumstances, job: WholeJob): string {
  return [
    `## ${adapter}, whole job`,
    "",
    `${date}, ${runtime}. ${job.shape.join(" x ")} uint16 from Zarr to Zarr, PSF ${job.psf.join(" x ")}, tiles ` +
    `${job.tile.join(" x ")}, ${job.iterations} iterations: **${job.seconds.toFixed(1)} s**, ` +
    `${job.usefulGigavoxelIterations.toFixed(2)} useful Gvoxel-iterations/s.`,
    "",
  ].join("\n");
}

function checkLine({ name, error, bound }: Check): string {
  return `| ${name} | ${error.toExponential(1)} | ${bound.toExponential(0)} ${
    error <= bound ? "kept" : "**broken**"
  } |`;
}

function firstTileLine({ box, coldSeconds, warmSeconds }: FirstTile): string {
  return `The first tile of a process, ${box.join(" x ")}, one iteration, is there after ${
    coldSeconds.toFixed(2)
  } s: the device ` +
    `is opened and kernels are compiled. The next takes ${warmSeconds.toFixed(2)} s.`;
}

function hashLine(hashes: readonly TuningHash[]): string {
  const different = new Set(hashes.map(({ sha256 }) => sha256));
  if (different.size === 1) {
    return `All ${hashes.length} tunings give the same bytes, SHA-256 ${hashes[0]!.sha256.slice(0, 16)}.`;
  }
  const each = hashes.map(({ tuning, sha256 }) => `${JSON.stringify(tuning)} ${sha256.slice(0, 16)}`);
  return `**Tunings differ in their bytes**: ${each.join(", ")}.`;
}

function boxLines(found: BoxFindings, copyBandwidth: number): string[] {
  const { box, core } = found;
  if ("failure" in found) return [`### ${box.join(" x ")}`, "", `**Nothing was measured**: ${found.failure}`];
  const { check, hashes, timings, cuts, peers } = found;
  const voxels = voxelCount(box);
  const rate = (milliseconds: number, count: number) => (count / milliseconds / 1e6).toPrecision(3);
  const head = [
    `### ${box.join(" x ")}, core ${core.join(" x ")}`,
    "",
    `Off the CPU's by ${check.error.toExponential(1)} of the peak${
      check.error <= check.bound ? "" : ", **too much**"
    }. ` +
    hashLine(hashes),
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
export function progressLine({ box, timings }: Pick<MeasuredBox, "box" | "timings">): string {
  const each = timings.map(({ name, wallMs }) => `${name} ${wallMs.toPrecision(3)} ms`);
  return `${formatVec3(box)}: ${each.join("; ")}`;
}
