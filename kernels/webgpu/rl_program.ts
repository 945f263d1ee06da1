/**
 * Richardson-Lucy on one box as passes over buffers. An iteration of a 3-D box is
 *
 *     z*OTF, [1/y, x-ratio, y], z*conj(OTF), [1/y, x-update, y]
 *
 * and moves 84 bytes per voxel: 8 for each transform along y, 12 for each along z, 12 for the ratio and 16 for the update.
 * What stands in brackets runs slab by slab; where a slab fits the cache of the device, 52 bytes remain. A 2-D box needs
 * `y*OTF, x-ratio, y*conj(OTF), x-update`. Small passes beside the multiplications see to column 0, see
 * packed_column_kernel.ts.
 */
import type { Vec3 } from "shared/geometry.ts";
import type { Acceleration } from "../deconvolver.ts";
import { type BoxLayout, boxLayout } from "./layout.ts";
import type { GpuLimits } from "./limits.ts";
import { biggsShader, heavyBallShader, MOMENTUM } from "./momentum.ts";
import { PARTIAL_SUM_BYTES, PARTIAL_SUMS } from "./partial_sums.ts";
import { type BufferSpec, type Pass, resourceOf, type Stage } from "./pass.ts";
import { partBuffer, PassMaker, type Slab, SMALL_BYTES, twiddleBuffer } from "./pass_maker.ts";
import { projectionBuffer, projectionValues } from "./projection.ts";
import {
  BIGGS_PREDICT,
  biggsCorrectStage,
  FORWARD,
  heavyBallStage,
  PARAMETERS,
  RATIO,
  type RowStage,
  updateStage,
  WEIGHTS,
} from "./row_stages.ts";
import type { Shader } from "./shader.ts";
import { twiddleTable } from "./twiddles.ts";

/** What a program is made for. */
export interface ProgramOptions {
  readonly acceleration: Acceleration;
  readonly nonCirculant: boolean;
}

/** Everything that a device has to hold and do. */
export interface Program {
  readonly layout: BoxLayout;
  readonly buffers: readonly BufferSpec[];
  /** Turns the PSF, placed in `estimate`, into the OTF. */
  readonly otf: readonly Stage[];
  /** Turns the mask of observed voxels, placed in `weights`, into the weights; empty without non-circulant edges. */
  readonly weights: readonly Stage[];
  /** Transforms the first estimate along x and y; once before the iterations. */
  readonly start: readonly Stage[];
  readonly iteration: readonly Stage[];
}

/** Volumes beside data, estimate, spectrum and OTF. */
const EXTRA_VOLUMES: Readonly<Record<Acceleration, readonly string[]>> = {
  none: [],
  shb: ["point"],
  biggs: ["point", "change"],
};

/** Names of the volumes that a program holds; each takes four bytes per voxel. */
export function volumeNames({ acceleration, nonCirculant }: ProgramOptions): string[] {
  const weights = nonCirculant ? ["weights"] : [];
  return ["estimate", "data", "spectrum", "otf", ...weights, ...EXTRA_VOLUMES[acceleration]];
}

/** The program for a box. */
export function rlProgram(box: Vec3, options: ProgramOptions, limits: GpuLimits): Program {
  const layout = boxLayout(box, limits);
  const make = new PassMaker(layout, slabsOf(layout), limits);
  const forward = (source: string, spectrum = "spectrum"): Stage[] =>
    make.slabs.map((slab) => [
      make.rows(slab, FORWARD, { source, spectrum }),
      ...make.columnsY(slab, "forward", { spectrum }),
    ]);
  return {
    layout,
    buffers: buffers(make, options),
    otf: [...forward("estimate", "otf"), make.lastForward({ spectrum: "otf" })],
    weights: options.nonCirculant
      ? [...forward("weights"), make.multiplication("back"), ...backToVoxels(make, WEIGHTS)]
      : [],
    start: forward("estimate"),
    iteration: [
      make.multiplication("forward"),
      ...throughVoxels(make, RATIO),
      make.multiplication("back"),
      ...UPDATES[options.acceleration](make, options.nonCirculant),
    ],
  };
}

/** The end of an iteration, which leaves the transform along x and y of the next estimate. */
type Update = (make: PassMaker, weighted: boolean) => Stage[];

const UPDATES: Readonly<Record<Acceleration, Update>> = {
  none: (make, weighted) => throughVoxels(make, updateStage(weighted)),
  shb: (make, weighted) => [[smallPass(heavyBallShader(), 0)], ...throughVoxels(make, heavyBallStage(weighted))],
  biggs: (make, weighted) => [
    ...backToVoxels(make, biggsCorrectStage(weighted)),
    [smallPass(biggsShader(partialSumBytes(make) / PARTIAL_SUM_BYTES), partialSumBytes(make))],
    ...make.slabs.map((slab) => [make.rows(slab, BIGGS_PREDICT), ...make.columnsY(slab, "forward")]),
  ],
};

/** From the transform along y back to voxels, a stage, and forth again. */
function throughVoxels(make: PassMaker, stage: RowStage): Stage[] {
  return make.slabs.map((slab) => [
    ...make.columnsY(slab, "inverse"),
    make.rows(slab, stage),
    ...make.columnsY(slab, "forward"),
  ]);
}

/** From the transform along y back to voxels. */
function backToVoxels(make: PassMaker, stage: RowStage): Stage[] {
  return make.slabs.map((slab) => [...make.columnsY(slab, "inverse"), make.rows(slab, stage)]);
}

/** A pass of a single workgroup over small buffers. */
function smallPass(shader: Shader, sumBytes: number): Pass {
  const resources = shader.bindings.map((binding) =>
    resourceOf(binding, { buffer: binding.name, bytes: binding.name === PARTIAL_SUMS.name ? sumBytes : SMALL_BYTES })
  );
  return { shader, resources, grid: [1, 1] };
}

function partialSumBytes(make: PassMaker): number {
  return make.slabs.reduce((sum, slab) => sum + make.partialSumBytes(slab), 0);
}

/** One slab per part. */
function slabsOf({ parts, planesPerPart }: BoxLayout): Slab[] {
  return Array.from({ length: parts }, (_, part) => ({ index: part, part, firstPlane: 0, planes: planesPerPart }));
}

function buffers(make: PassMaker, options: ProgramOptions): BufferSpec[] {
  const { box, parts, partBytes } = make.layout;
  const volumes = volumeNames(options).flatMap((volume) =>
    Array.from({ length: parts }, (_, part): BufferSpec => ({
      name: partBuffer(volume, part),
      bytes: partBytes,
      usage: "storage",
    }))
  );
  const lengths = [...new Set(box)].filter((length) => length > 1);
  const small: BufferSpec[] = [
    { name: PARAMETERS.binding.name, bytes: SMALL_BYTES, usage: "uniform" },
    ...(["forward", "back"] as const).map((projection): BufferSpec => ({
      name: projectionBuffer(projection),
      bytes: SMALL_BYTES,
      usage: "uniform",
      contents: projectionValues(projection),
    })),
    ...lengths.map((length): BufferSpec => ({
      name: twiddleBuffer(length),
      bytes: 8 * length,
      usage: "storage",
      contents: twiddleTable(length),
    })),
  ];
  const momentum: BufferSpec = { name: MOMENTUM.binding.name, bytes: SMALL_BYTES, usage: "storage" };
  const sums: BufferSpec = { name: PARTIAL_SUMS.name, bytes: partialSumBytes(make), usage: "storage" };
  return [
    ...volumes,
    ...small,
    ...(options.acceleration === "none" ? [] : [momentum]),
    ...(options.acceleration === "biggs" ? [sums] : []),
  ];
}
