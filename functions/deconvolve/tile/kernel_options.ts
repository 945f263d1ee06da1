/** Options of the kernels for a task. */
import type { DeconvolverOptions, RunOptions } from "kernels/deconvolver.ts";
import { wholeBox } from "kernels/part.ts";
import type { PilotTask } from "shared/contract/pilot.ts";
import type { Tile, TileTask } from "shared/contract/tile.ts";
import { type BoxDataType, boxDataType } from "shared/image/read/box_data_type.ts";
import { observedInBox } from "shared/image/read/read_box.ts";
import { type Box, mapAxes, type Vec3 } from "shared/volume/geometry.ts";
import { placeInVolume } from "shared/volume/spatial.ts";

/** Fields that every message about a tile has. */
export type BoxTask = Pick<
  TileTask,
  "source" | "psf" | "psfSha256" | "psfFit" | "algorithm" | "repeated" | "backend" | "tile"
>;

export function taskDataType(
  { source: { dtype }, algorithm: { boundary, boundaryValue, offset } }: BoxTask,
): BoxDataType {
  return boxDataType({ dtype, boundary, boundaryValue, offset });
}

/** Options of a deconvolver for this task, besides the PSF. Photons that are kept from a split may be fractions. */
export function deconvolverOptions({ algorithm, tile }: BoxTask): Omit<DeconvolverOptions, "psf"> {
  const { iterations: _, start: __, mean: ___, offset: ____, boundary, boundaryValue: _____, ...rest } = algorithm;
  const { keepEmpty: ______, emptyBelow: _______, ...settings } = rest;
  return { box: tile.box.shape, nonCirculant: boundary === "non-circulant", ...settings };
}

/** Options for running the box of this task. */
export function runOptions(
  { algorithm, source, tile }: BoxTask,
): Pick<RunOptions, "iterations" | "start" | "observed" | "mean"> {
  const { iterations, start, boundary, mean } = algorithm;
  const observed = boundary === "non-circulant" ? { observed: boxPart({ algorithm, source, tile }).observed } : {};
  return { iterations, start, ...observed, ...(mean === undefined ? {} : { mean }) };
}

/** The shape of a task's box, and the part of it that is known: all of it, but with unknown edges. */
export function boxPart(
  { algorithm, source, tile: { box } }: Pick<BoxTask, "algorithm" | "source" | "tile">,
): { readonly shape: Vec3; readonly observed: Box } {
  if (algorithm.boundary !== "non-circulant") return { shape: box.shape, observed: wholeBox(box.shape) };
  const { start: first, whole } = placeInVolume(source);
  const inVolume = { ...box, start: mapAxes((axis) => first[axis] + box.start[axis]) };
  return { shape: box.shape, observed: observedInBox(whole, inVolume) };
}

/** The core of a tile, relative to its box. */
export function coreInBox({ box, core }: Pick<Tile, "box" | "core">): Box {
  return { start: mapAxes((axis) => core.start[axis] - box.start[axis]), shape: core.shape };
}

/** Measured part of a tile: its core, which no other tile has. None where nothing is to be measured. */
export function measuringOptions({ measureEvery, tile }: PilotTask): Pick<RunOptions, "measureEvery" | "measured"> {
  return measureEvery === undefined ? {} : { measureEvery, measured: coreInBox(tile) };
}
