/** An image in the terms that descriptions of TIFFs share. */
import type { Axis, Channel, ImageInfo } from "shared/contract/image_info.ts";
import type { Intensity } from "shared/contract/stored_array.ts";

/** What descriptions tell of an image. */
export interface Described extends Pick<ImageInfo, "dtype" | "axes" | "shape" | "scale" | "translation"> {
  /** What integers stand for, where they are not values themselves. */
  readonly intensity?: Intensity | undefined;
  /** The lens, where it is known. */
  readonly objective?: ImageInfo["objective"];
}

/** A channel, and the values that viewers show as black and as full color. */
export interface ShownChannel extends Channel {
  readonly window?: readonly [start: number, end: number] | undefined;
}

/** Lengths of the axes that pages lie along; 1 for one that is not there. */
export function lengthsOf({ axes, shape }: Pick<Described, "axes" | "shape">) {
  const length = (name: Axis["name"]) => shape[axes.findIndex((axis) => axis.name === name)] ?? 1;
  return { t: length("t"), c: length("c"), z: length("z") };
}

/** Spacing, unit and place of an axis; undefined where the image lacks it. */
export function axisOf({ axes, scale, translation }: Described, name: Axis["name"]) {
  const index = axes.findIndex((axis) => axis.name === name);
  if (index < 0) return undefined;
  return { scale: scale[index]!, unit: axes[index]!.unit, translation: translation?.[index] ?? 0 };
}

/** True where the image states a voxel size: a spacing of 1 without a unit stands for none. */
export function isCalibrated({ axes, scale }: Described): boolean {
  return axes.some(({ type, unit }, index) => type === "space" && (unit !== undefined || scale[index] !== 1));
}
