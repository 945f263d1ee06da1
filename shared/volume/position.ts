/** Position of the `index`th element of an array of these lengths, last axis fastest; the inverse of counting through it. */
export function positionAt(index: number, lengths: readonly number[]): number[] {
  const position: number[] = [];
  for (const length of lengths.toReversed()) {
    position.unshift(index % length);
    index = Math.floor(index / length);
  }
  return position;
}
