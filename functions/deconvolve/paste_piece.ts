/** Putting the core of a piece in its place in the core of its tile. */
import type { Box } from "shared/volume/geometry.ts";

/**
 * @param target the core of the tile, x contiguous
 * @param piece the core of the piece, x contiguous; it lies inside the tile's
 */
export function pastePiece(
  target: { readonly core: Box; readonly values: Float32Array },
  piece: { readonly core: Box; readonly values: Float32Array },
): void {
  const [, tileRows, tileColumns] = target.core.shape;
  const [planes, rows, columns] = piece.core.shape;
  const [z0, y0, x0] = piece.core.start.map((start, axis) => start - target.core.start[axis]!) as [
    number,
    number,
    number,
  ];
  for (let z = 0; z < planes; z++) {
    for (let y = 0; y < rows; y++) {
      const from = (z * rows + y) * columns;
      target.values.set(
        piece.values.subarray(from, from + columns),
        ((z0 + z) * tileRows + y0 + y) * tileColumns + x0,
      );
    }
  }
}
