import { assert, assertEquals } from "@std/assert";
import { encodeJson } from "shared/image/zarr/json.ts";
import { recordKey } from "shared/image/output/output_layout.ts";
import { tileTimes } from "shared/image/output/tile_times.ts";
import type { Store } from "shared/storage/store.ts";

/** A store of so many records that nobody would want to keep them in memory. */
const OWNER = { planHash: "plan", run: "run" };

function recordsOf(tiles: number, seconds: (index: number) => number): Store {
  const record = (index: number) => ({
    ...{
      index,
      backend: "cpu",
      adapter: index % 2 === 0 ? "even" : "odd",
      seconds: seconds(index),
      kernelSeconds: 0.5,
    },
    ...{ readSeconds: 0, writeSeconds: 0, bytesRead: 1, bytesWritten: 1 },
    ...(index === 3 ? { pieces: 2 } : {}),
  });
  return {
    async *list(prefix: string) {
      yield `${prefix}notes.txt`;
      for (let index = 0; index < tiles + 5; index++) yield recordKey(OWNER, index);
    },
    get: (key: string) => Promise.resolve(encodeJson(record(Number(/(\d+)\.json$/.exec(key)![1])))),
  } as unknown as Store;
}

Deno.test("tiles are told one by one while they are few", async () => {
  const { summary, groups } = await tileTimes(recordsOf(5, (index) => index + 1), OWNER, 5);
  assertEquals(groups, {
    tilesPerGroup: 1,
    seconds: [1, 2, 3, 4, 5],
    kernelSeconds: [0.5, 0.5, 0.5, 0.5, 0.5],
    slowestSeconds: [1, 2, 3, 4, 5],
  });
  const { medianSeconds, ...exact } = summary;
  assertEquals(exact, {
    ...{ count: 5, seconds: 15, kernelSeconds: 2.5, slowest: { index: 4, seconds: 5 }, inPieces: 1 },
    adapters: { "cpu (even)": 3, "cpu (odd)": 2 },
  });
  // Half a bin of the histogram, whose borders lie 2 % apart.
  assert(Math.abs(medianSeconds / 3 - 1) < 0.0101, `${medianSeconds}`);
});

Deno.test("of a hundred thousand tiles the record stays small, and nothing is left out of the sums", async () => {
  const tiles = 100_000;
  const { summary, groups } = await tileTimes(recordsOf(tiles, (index) => 1 + index % 7 / 7), OWNER, tiles);
  assertEquals([summary.count, groups.tilesPerGroup, groups.seconds.length], [tiles, 100, 1000]);
  assert(JSON.stringify(groups).length < 30_000 && JSON.stringify(summary).length < 400);
  const expected = Array.from({ length: tiles }, (_, index) => 1 + index % 7 / 7).reduce((sum, value) => sum + value);
  assert(Math.abs(summary.seconds / expected - 1) < 1e-3);
});
