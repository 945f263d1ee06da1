/** Tasks and reports for tests that never look inside them. */
import type { TileReport, TileTask } from "shared/contract/tile.ts";
import { TileAlgorithmSchema } from "shared/contract/decisions.ts";

/** A well-formed task for the tile with this index. */
export function sampleTask(index: number): TileTask {
  return {
    planHash: "0".repeat(64),
    source: {
      url: "memory:source",
      path: "",
      format: "zarr3",
      dtype: "uint16",
      shape: [8, 8, 8],
      chunkShape: [8, 8, 8],
      axes: [{ name: "z", type: "space" }, { name: "y", type: "space" }, { name: "x", type: "space" }],
      scale: [1, 1, 1],
      identity: "1",
    },
    psf: { url: "memory:psf" },
    psfSha256: "1".repeat(64),
    output: {
      url: "memory:output",
      array: "0",
      version: "0.5",
      dtype: "float32",
      axes: ["z", "y", "x"],
      shape: [8, 8, 8],
      chunk: [8, 8, 8],
    },
    algorithm: TileAlgorithmSchema.parse({ iterations: 1 }),
    backend: "cpu",
    tile: {
      index,
      outer: [],
      core: { start: [0, 0, 0], shape: [8, 8, 8] },
      box: { start: [0, 0, 0], shape: [8, 8, 8] },
    },
  };
}

/** Tasks with indices from 0, and how many were taken so far. */
export function countedTasks(count: number): { readonly tasks: Iterable<TileTask>; readonly taken: () => number } {
  let taken = 0;
  function* tasks() {
    while (taken < count) yield sampleTask(taken++);
  }
  return { tasks: tasks(), taken: () => taken };
}

/** A report for the tile with this index. */
export function sampleReport(index: number): TileReport {
  return {
    index,
    backend: "cpu",
    adapter: "test",
    seconds: 1,
    readSeconds: 0.25,
    kernelSeconds: 0.5,
    writeSeconds: 0.25,
    bytesRead: 100,
    bytesWritten: 200,
  };
}
