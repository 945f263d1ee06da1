/** A number and what it counts: `1 tile`, `18 tiles`, `28,800 voxels`. */
export function counted(count: number, one: string, several = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : several}`;
}

/** What is kept of something: `1 of 6 tiles is kept`, `4 of 6 tiles are kept`. */
export function countedKept(kept: number, count: number, one: string): string {
  return `${kept.toLocaleString("en")} of ${counted(count, one)} ${kept === 1 ? "is" : "are"} kept`;
}

/** Where something was found: `one of 4 places`, or `the one place that was looked at`. */
export function onePlaceOf(places = 1): string {
  return places === 1 ? "the one place that was looked at" : `one of ${places.toLocaleString("en")} places`;
}
