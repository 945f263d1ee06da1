/** Position of the `index`th element of an array of these lengths, last axis fastest; the inverse of counting through it. */
export function positionAt<L extends readonly number[]>(
  index: number,
  lengths: L,
): { -readonly [A in keyof L]: number } {
  const position = [...lengths] as { -readonly [A in keyof L]: number };
  for (let axis = lengths.length - 1; axis >= 0; axis--) {
    position[axis] = index % lengths[axis]!;
    index = Math.floor(index / lengths[axis]!);
  }
  return position;
}

/** The remainder that is never negative: where an index lies in an array that repeats. */
export function modulo(index: number, length: number): number {
  return ((index % length) + length) % length;
}
