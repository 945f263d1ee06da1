/**
 * The buffers that the passes of a program need.
 */
import { DATA_BYTES } from "../device/data_volume.ts";
import { MEASUREMENTS } from "../stages/measurement.ts";
import { MOMENTUM } from "../stages/momentum.ts";
import { PARAMETERS, slabBuffer, slabValues, SMALL_BYTES } from "../stages/parameters.ts";
import { PARTIAL_SUMS } from "../stages/partial_sums.ts";
import { projectionBuffer, projectionValues } from "../stages/projection.ts";
import { SIZES, sizeValues } from "./box_sizes.ts";
import { cutValues } from "./cut.ts";
import type { BufferSpec } from "./pass.ts";
import { otfBytesPerVoxel } from "./otf_format.ts";
import {
  columnBuffer,
  columnCutBuffer,
  coreCutBuffer,
  partBuffer,
  type PassMaker,
  twiddleBuffer,
} from "./pass_maker.ts";
import { MEASURED, OBSERVED, START } from "../stages/region.ts";
import type { ProgramOptions } from "./program_options.ts";
import { rootsOfUnity } from "kernels/radices.ts";

const FLOAT_BYTES = 4;

/** Volumes of each acceleration beside data, estimate, spectrum and OTF. */
const ACCELERATION_VOLUMES = { none: [], shb: ["point"], biggs: ["point", "change"] } as const;

/** Volumes that a program holds by name, and the bytes that a voxel takes in each. */
export function volumeBytes(options: ProgramOptions): Readonly<Record<string, number>> {
  const { acceleration, dataType, nonCirculant, totalVariation } = options;
  const others = [
    ...(nonCirculant ? ["weights"] : []),
    ...(totalVariation ? ["variation"] : []),
    ...ACCELERATION_VOLUMES[acceleration],
  ];
  const floats = Object.fromEntries(["estimate", "spectrum", ...others].map((name) => [name, FLOAT_BYTES]));
  const otfs = Object.fromEntries(otfNames(options).map((name) => [name, otfBytesPerVoxel(options.otf)]));
  return { ...floats, ...otfs, data: DATA_BYTES[dataType] };
}

function otfNames({ unmatched }: ProgramOptions): string[] {
  return unmatched ? ["otf", "backotf"] : ["otf"];
}

/** The buffers of a volume. */
export function volumeBuffers(make: PassMaker, name: string): BufferSpec[] {
  return Array.from(
    { length: make.layout.parts },
    (_, part) => ({ name: partBuffer(name, part), bytes: make.partBytes(name), usage: "storage" }),
  );
}

/** All buffers that a program holds from the start. */
export function programBuffers(make: PassMaker, options: ProgramOptions): BufferSpec[] {
  const lengths = [...new Set(make.layout.box)].filter((length) => length > 1);
  return [
    ...Object.keys(volumeBytes(options)).flatMap((name) => volumeBuffers(make, name)),
    ...otfNames(options).map((otf): BufferSpec => ({
      name: columnBuffer(otf),
      bytes: make.otfColumnBytes,
      usage: "storage",
    })),
    ...[PARAMETERS, MEASURED, OBSERVED, START].map(({ name }) => uniform(name)),
    ...numbers(make),
    ...lengths.map((length): BufferSpec => ({
      name: twiddleBuffer(length),
      bytes: 8 * length,
      usage: "storage",
      contents: rootsOfUnity(length),
    })),
    ...[MOMENTUM, MEASUREMENTS, PARTIAL_SUMS].map((binding): BufferSpec => ({
      name: binding.name,
      bytes: make.smallBytes(binding),
      usage: "storage",
    })),
  ];
}

/** Buffers of numbers that stay as they are, and of those that tell which part a run is asked for. */
function numbers({ layout, slabs, rowGroups }: PassMaker): BufferSpec[] {
  const { box: [, ny, nx], parts, planesPerPart } = layout;
  const rows = planesPerPart * ny;
  const places = { origin: 0, row: nx, plane: ny * nx, shape: [planesPerPart, ny, 2] } as const;
  return [
    uniform(SIZES.name, sizeValues(layout, rowGroups)),
    ...(["forward", "back", "transform"] as const).map((projection) =>
      uniform(projectionBuffer(projection), projectionValues(projection))
    ),
    ...slabs.map(({ planeOfBox }) => uniform(slabBuffer(planeOfBox), slabValues(planeOfBox))),
    ...Array.from({ length: parts }, (_, part) => [
      uniform(columnCutBuffer(part), cutValues({ ...places, target: 2 * part * rows })),
      uniform(coreCutBuffer(part)),
    ]).flat(),
  ];
}

function uniform(name: string, contents?: BufferSpec["contents"]): BufferSpec {
  return { name, bytes: SMALL_BYTES, usage: "uniform", ...(contents ? { contents } : {}) };
}
