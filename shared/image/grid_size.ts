/** Pieces of this shape that an array is cut into, the last ones cut short or not. */
export function gridSize(shape: readonly number[], pieceShape: readonly number[]): number {
  return shape.reduce((total, side, axis) => total * Math.ceil(side / pieceShape[axis]!), 1);
}
