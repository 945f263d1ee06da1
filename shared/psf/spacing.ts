/** Voxel sizes in micrometres, from what a file says of itself. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import { mapAxes, SPATIAL_AXES, type Vec3 } from "shared/volume/geometry.ts";

/** Micrometres per unit of length, by UDUNITS-2 name. */
const MICROMETRES: Readonly<Record<string, number>> = {
  angstrom: 1e-4,
  nanometer: 1e-3,
  micrometer: 1,
  millimeter: 1e3,
  centimeter: 1e4,
  meter: 1e6,
};

/** Voxel size along z, y, x in micrometres; undefined along an axis that is not there, or has no unit of length. */
export type Spacing = readonly [z: number | undefined, y: number | undefined, x: number | undefined];

/** What an image states of its voxel size, axis by axis. */
export function spacingOf({ axes, scale }: ImageInfo): Spacing {
  return mapAxes((spatial) => {
    const index = axes.findIndex(({ name }) => name === SPATIAL_AXES[spatial]);
    const factor = MICROMETRES[axes[index]?.unit ?? ""];
    const side = factor === undefined ? 0 : Math.abs(scale[index]!) * factor;
    return side > 0 && Number.isFinite(side) ? side : undefined;
  });
}

/** `0.3, 0.1, 0.1 µm (z, y, x)`; a question mark where one is not known. */
export function formatSpacing(spacing: Spacing): string {
  if (spacing.every((side) => side === undefined)) return "unknown";
  return `${spacing.map((side) => side === undefined ? "?" : Number(side.toPrecision(4))).join(", ")} µm (z, y, x)`;
}

/** Voxel size z, y, x; z is 0 where the image has none. Undefined where a spatial axis has no unit of length. */
export function voxelMicrometre({ axes, scale }: ImageInfo): Vec3 | undefined {
  const sides = ["z", "y", "x"].map((name) => {
    const index = axes.findIndex((axis) => axis.name === name);
    if (index < 0) return 0;
    const factor = MICROMETRES[axes[index]!.unit ?? ""];
    return factor === undefined ? undefined : Math.abs(scale[index]!) * factor;
  });
  return sides.every((side) => side !== undefined) ? sides as unknown as Vec3 : undefined;
}
