/** A number and what it counts: `1 tile`, `18 tiles`, `28,800 voxels`. */
export function counted(count: number, one: string, several = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : several}`;
}
