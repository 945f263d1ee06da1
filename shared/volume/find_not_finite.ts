/** Looking for what is no number. */
import { partLayout } from "./copy_box.ts";
import type { Box } from "./geometry.ts";

/**
 * @param values of a box, x contiguous
 * @returns index into them of the first voxel of the core that is NaN or infinite; undefined if there is none
 */
export function findNotFinite(
  values: Float32Array,
  { box, core }: { readonly box: Box; readonly core: Box },
): number | undefined {
  const { offset, strides: [depth, height] } = partLayout(box, core);
  for (let z = 0; z < core.shape[0]; z++) {
    for (let y = 0; y < core.shape[1]; y++) {
      const first = offset + z * depth + y * height;
      for (let index = first; index < first + core.shape[2]; index++) {
        if (!(Math.abs(values[index]!) < Infinity)) return index;
      }
    }
  }
  return undefined;
}
