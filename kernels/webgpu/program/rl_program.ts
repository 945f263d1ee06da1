/**
 * Richardson-Lucy on one box as passes over buffers. An iteration of a 3-D box is
 *
 *     z*OTF, [1/y, x-ratio, y], z*conj(OTF), [1/y, x-update, y]
 *
 * and moves 84 bytes per voxel: 8 for each transform along y, 12 for each along z, 12 for the ratio and 16 for the update.
 * Passes in brackets run slab by slab; where a slab fits the cache of the device, 52 bytes remain. A 2-D box needs
 * `y*OTF, x-ratio, y*conj(OTF), x-update`. Small passes beside the multiplications see to column 0, see
 * packed_column_kernel.ts.
 */
import type { Vec3 } from "shared/volume/geometry.ts";
import type { Acceleration, StepOptions } from "kernels/deconvolver.ts";
import { MIN_CORRECTION } from "kernels/wiener_butterworth.ts";
import { type BoxLayout, boxLayout } from "./layout.ts";
import type { CutPlace } from "./cut.ts";
import { DATA_BYTES } from "../device/data_volume.ts";
import type { GpuLimits } from "../device/limits.ts";
import { measurementShader } from "../stages/measurement.ts";
import { biggsShader, heavyBallShader } from "../stages/momentum.ts";
import type { BufferSpec, Stage } from "./pass.ts";
import { PassMaker } from "./pass_maker.ts";
import type { ProgramOptions } from "./program_options.ts";
import { programBuffers, volumeBuffers, volumeBytes } from "./program_buffers.ts";
import { type RatioOptions, ratioStage } from "../stages/ratio_stages.ts";
import { slabsOf } from "./slabs.ts";
import type { RowStage } from "../stages/row_stages.ts";
import { startStage } from "../stages/start_stage.ts";
import {
  BIGGS_PREDICT,
  biggsCorrectStage,
  heavyBallStage,
  type UpdateOptions,
  updateStage,
} from "../stages/update_stages.ts";

/** Choices that change the speed of a program and nothing else. */
export interface Tuning {
  /** Planes of a slab, see slabs.ts. @default {all planes of a part} */
  readonly slabPlanes?: number | undefined;
  /** Adjacent columns that a workgroup takes, see workgroups.ts. @default {as many as fill memory transactions} */
  readonly columns?: number | undefined;
}

/** Everything that a device has to hold and do. */
export interface Program {
  readonly layout: BoxLayout;
  readonly buffers: readonly BufferSpec[];
  /** Further buffers for runs with held-out photons. */
  readonly heldOutBuffers: readonly BufferSpec[];
  /** Turns the PSF, given in `estimate`, into `otf`, and leaves its whole transform in `spectrum`. */
  readonly otf: readonly Stage[];
  /** Keeps what is in `spectrum` as the unmatched projector; empty without one. */
  readonly backOtf: readonly Stage[];
  /** Turns the mask of observed voxels, given in `estimate`, into the weights; empty without non-circulant edges. */
  readonly weights: readonly Stage[];
  /** Makes the first estimate from `data` and transforms it along x and y; once before the iterations. */
  readonly start: readonly Stage[];
  readonly iteration: readonly Stage[];
  /** Makes the given places of the estimate dense, in `spectrum`, which holds nothing else afterwards. */
  readonly cutCore: (places: readonly (CutPlace | undefined)[]) => Stage;
  /** Iterations that also measure the divergence of the data, or of the data and held-out photons. */
  readonly measuring: Readonly<Record<"data" | "data and held-out", readonly Stage[]>>;
}

/** Options of a deconvolver, without box and PSF. */
export interface MethodOptions
  extends
    Pick<StepOptions, "acceleration" | "nonCirculant" | "totalVariation" | "dampingSigmas">,
    Pick<StepOptions, "backProjector" | "otfPrecision" | "dataType"> {
  /** True if the PSF is centro-symmetric, see psf_symmetry.ts. @default {false} */
  readonly symmetricPsf?: boolean;
}

/** The kind of program that the options of a deconvolver ask for. */
export function programOptions(options: MethodOptions): ProgramOptions {
  return {
    acceleration: options.acceleration ?? "none",
    nonCirculant: options.nonCirculant ?? false,
    totalVariation: (options.totalVariation ?? 0) > 0,
    damped: (options.dampingSigmas ?? 0) > 0,
    dataType: options.dataType ?? "float32",
    otf: { real: options.symmetricPsf ?? false, precision: options.otfPrecision ?? "float32" },
    unmatched: options.backProjector === "wiener-butterworth",
  };
}

/** The program for a box. */
export function rlProgram(box: Vec3, options: ProgramOptions, limits: GpuLimits, tuning: Tuning = {}): Program {
  const layout = boxLayout(box, limits);
  const slabs = slabsOf(layout, limits, {
    wantedPlanes: tuning.slabPlanes,
    bytesPerVoxel: DATA_BYTES[options.dataType],
  });
  const make = new PassMaker(layout, slabs, {
    limits,
    otf: options.otf,
    volumeBytes: volumeBytes(options),
    columns: tuning.columns,
  });
  const back = make.multiplication("back", options.unmatched ? "backotf" : "otf");
  const forward = (stage: RowStage): Stage[] =>
    make.slabs.map((slab) => [make.rows(slab, stage), ...make.columnsY(slab, "forward")]);
  const first = options.acceleration === "none" ? ["estimate"] : ["estimate", "point"];
  const ratio = { damped: options.damped, masked: options.nonCirculant, dataType: options.dataType };
  const iteration = (measures: RatioOptions["measures"]): Stage[] => [
    make.multiplication("forward", "otf"),
    ...throughVoxels(make, ratioStage({ ...ratio, measures })),
    ...(measures === "nothing" ? [] : [[make.small(measurementShader())]]),
    back,
    ...updatePasses(make, options),
  ];
  const starting = startStage(options.dataType, first, options.nonCirculant);
  const start = forward(starting);
  return {
    layout,
    buffers: programBuffers(make, options),
    heldOutBuffers: volumeBuffers(make, "heldout"),
    otf: [...start, make.lastForward(), make.keepOtf("otf")],
    backOtf: options.unmatched ? [make.keepOtf("backotf")] : [],
    weights: options.nonCirculant ? [...start, back, ...backToVoxels(make, starting)] : [],
    start,
    iteration: iteration("nothing"),
    cutCore: (places) => make.cutCore(places),
    measuring: { data: iteration("data"), "data and held-out": iteration("data and held-out") },
  };
}

/** The volume that a step starts from. */
function startingPoint(acceleration: Acceleration): "estimate" | "point" {
  return acceleration === "none" ? "estimate" : "point";
}

/** The end of an iteration, which leaves the transform along x and y of what the next one starts from. */
function updatePasses(
  make: PassMaker,
  { acceleration, nonCirculant, totalVariation, unmatched }: ProgramOptions,
): Stage[] {
  const minCorrection = unmatched ? MIN_CORRECTION : 0;
  const stages = UPDATES[acceleration](make, { weighted: nonCirculant, totalVariation, minCorrection });
  return totalVariation ? [make.variation(startingPoint(acceleration)), ...stages] : stages;
}

const UPDATES: Readonly<Record<Acceleration, (make: PassMaker, options: UpdateOptions) => Stage[]>> = {
  none: (make, options) => throughVoxels(make, updateStage(options)),
  shb: (make, options) => [[make.small(heavyBallShader())], ...throughVoxels(make, heavyBallStage(options))],
  biggs: (make, options) => [
    ...backToVoxels(make, biggsCorrectStage(options)),
    [make.small(biggsShader())],
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
  return make.slabs.map((slab) => [...make.columnsY(slab, "inverse"), make.rows(slab, stage, "back")]);
}
