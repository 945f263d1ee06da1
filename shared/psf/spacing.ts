/** Voxel sizes in micrometres, from what a file says of itself. */
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { Vec3 } from "shared/volume/geometry.ts";

/** Micrometres per unit of length, by UDUNITS-2 name. */
const MICROMETRES: Readonly<Record<string, number>> = {
  angstrom: 1e-4,
  nanometer: 1e-3,
  micrometer: 1,
  millimeter: 1e3,
  centimeter: 1e4,
  meter: 1e6,
};

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
