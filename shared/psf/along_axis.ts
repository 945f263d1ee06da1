/** One axis of a volume at a time. */
import { stridesOf, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import type { PsfSamples, PsfVolume } from "./psf_volume.ts";

/**
 * Replaces every line along `axis` by `change(line)`, all of the same new length; a new volume.
 *
 * @param change may return the same array each time; the line it gets is overwritten by the next
 */
export function alongAxis(
  volume: PsfVolume,
  axis: 0 | 1 | 2,
  { length, change }: { readonly length: number; readonly change: (line: Float64Array) => Float64Array },
): PsfVolume {
  const shape = volume.shape.map((side, a) => a === axis ? length : side) as unknown as Vec3;
  const stride = stridesOf(volume.shape)[axis];
  const line = new Float64Array(volume.shape[axis]);
  const values = new Float64Array(voxelCount(shape));
  const lines = volume.values.length / line.length;
  for (let index = 0; index < lines; index++) {
    const [block, within] = [Math.floor(index / stride), index % stride];
    const from = block * stride * line.length + within;
    for (let i = 0; i < line.length; i++) line[i] = volume.values[from + i * stride];
    const changed = change(line);
    const to = block * stride * length + within;
    for (let i = 0; i < length; i++) values[to + i * stride] = changed[i];
  }
  return { shape, values };
}

export function lineThrough({ shape, values }: PsfSamples, axis: 0 | 1 | 2, voxel: Vec3): Float64Array {
  const strides = stridesOf(shape);
  const from = strides.reduce((sum, stride, a) => a === axis ? sum : sum + stride * voxel[a], 0);
  return Float64Array.from({ length: shape[axis] }, (_, i) => values[from + i * strides[axis]]);
}
