/** Cuts a plane out of a chunk, or takes the largest values along the way into the screen. */
import type { Chunk, ChunkValues } from "shared/image/image.ts";
import { PLANES } from "../state/plane.ts";
import type { Span, TileRequest } from "./tile_request.ts";

/** Values of a tile as a GPU takes them: 8 and 16 bits as they are, everything else as float32. */
export type TileValues = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Float32Array<ArrayBuffer>;

/** Room for the values of a tile, `u` contiguous; of a float32 projection, below all values. */
function tileRoom(values: ChunkValues, { u, v, pick }: TileRequest): TileValues {
  const length = u.length * v.length;
  if (values instanceof Uint8Array) return new Uint8Array(length);
  if (values instanceof Uint16Array) return new Uint16Array(length);
  return new Float32Array(length).fill(pick.depth === "all" ? -Infinity : 0);
}

/**
 * Puts what a chunk holds of a tile into its values.
 *
 * @param w planes of the chunk that are taken
 * @param before values so far, which are changed; undefined for the first chunk
 * @returns the values
 */
export function cutTile(request: TileRequest, { values, strides }: Chunk, w: Span, before?: TileValues): TileValues {
  const target = before ?? tileRoom(values, request);
  const image = request.picture.levels[request.level]!;
  const { u, v, pick } = request;
  const axes = PLANES[pick.plane];
  const stride = (axis: string) => strides[image.axes.indexOf(axis as never)] ?? 0;
  const [uStride, vStride, wStride] = [stride(axes.u), stride(axes.v), stride(axes.w)];
  const origin = (pick.time % image.chunk.t) * stride("t") + (pick.channel % image.chunk.c) * stride("c") +
    u.offset * uStride + v.offset * vStride + w.offset * wStride;
  for (let plane = 0; plane < w.length; plane++) {
    for (let row = 0; row < v.length; row++) {
      let from = origin + plane * wStride + row * vStride;
      const to = row * u.length;
      for (let column = 0; column < u.length; column++, from += uStride) {
        const value = Number(values[from]!);
        if (pick.depth !== "all" || value > target[to + column]!) target[to + column] = value;
      }
    }
  }
  return target;
}
