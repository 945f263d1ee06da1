import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { ImageInfo } from "shared/contract/image_info.ts";
import { type Select, SelectSchema } from "shared/contract/job_request.ts";
import { ClearstackError } from "shared/errors.ts";
import { sampleVoxels } from "shared/image/read/sample_voxels.ts";
import { selectVolumes } from "shared/image/read/select_volumes.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { readVolumes } from "../../../fixtures/read_whole.ts";
import { pickVolumes, writeSeries } from "../../../fixtures/series.ts";
import { patternedVoxels, writeZarr } from "../../../functions/sample_image.ts";
import { openImage, reopenImage } from "../../../stores.ts";

const SHAPE = [5, 4, 2, 3, 3] as const;
const NAMES = ["DAPI", "GFP", "GFP", "640"];
const values = patternedVoxels(SHAPE);

async function series(chunk: readonly number[] = [2, 3, 2, 3, 3], translation?: readonly number[]) {
  const url = memoryUrl();
  await writeSeries(url, { shape: SHAPE, chunk, values, names: NAMES, ...(translation ? { translation } : {}) });
  return await openImage({ url });
}

async function narrowed(select: unknown, translation?: readonly number[]): Promise<ImageInfo> {
  return selectVolumes((await series(undefined, translation)).info, SelectSchema.parse(select));
}

Deno.test("any selection reads as those volumes of the whole, whatever the chunks, also after it was a message", async () => {
  const channels = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 1 });
  const times = fc.record({
    start: fc.nat(4),
    length: fc.integer({ min: 1, max: 5 }),
    step: fc.integer({ min: 1, max: 6 }),
  });
  const chunk = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 }), fc.constant(2));
  await fc.assert(
    fc.asyncProperty(channels, times, chunk, async (channels, { start, length, step }, [t, c, z]) => {
      const stop = Math.min(5, start + length);
      const wanted = Array.from({ length: 5 }, (_, time) => time).filter((time) =>
        time >= start && time < stop && (time - start) % step === 0
      );
      const { info } = await series([t, c, z, 3, 3]);
      const selected = selectVolumes(info, { channels, times: { start, stop, step } });
      assertEquals(selected.shape, [wanted.length, channels.length, 2, 3, 3]);
      const image = await reopenImage(JSON.parse(JSON.stringify(selected)));
      assertEquals(
        await readVolumes(image),
        Float32Array.from(pickVolumes(values, SHAPE, { times: wanted, channels })),
      );
    }),
    { numRuns: 40 },
  );
});

Deno.test("names follow the channels, and place and distance of time points the times", async () => {
  const info = await narrowed({ channels: ["640", 0], times: { start: 1, step: 2 } });
  assertEquals(info.channels?.map(({ name }) => name), ["640", "DAPI"]);
  assertEquals([info.scale, info.translation], [[10, 1, 0.5, 0.2, 0.2], [5, 0, 0, 0, 0]]);
  assertEquals(info.axes[0], { name: "t", type: "time", unit: "second" });
  const moved = await narrowed({ times: { start: 2, stop: 3, step: 9 } }, [100, 0, 7, 8, 9]);
  // One time point has no distance to the next, so that its scale stays.
  assertEquals([moved.shape[0], moved.scale[0], moved.translation], [1, 5, [110, 0, 7, 8, 9]]);
  assertEquals((await narrowed({ times: { stop: 2 } })).translation, undefined);
});

Deno.test("selecting all there is, in its order, is the same as selecting nothing", async () => {
  const { info } = await series();
  for (const select of [{ channels: [0, 1, 2, 3] }, { times: { start: 0 } }, { channels: ["DAPI", 1, 2, "640"] }]) {
    assertStrictEquals(selectVolumes(info, SelectSchema.parse(select)), info);
  }
});

Deno.test("an image without times or channels has one of each", async () => {
  const url = memoryUrl();
  await writeZarr(url, { shape: [2, 3, 3], chunk: [2, 3, 3], values: patternedVoxels([2, 3, 3]) });
  const { info } = await openImage({ url });
  assertStrictEquals(selectVolumes(info, SelectSchema.parse({ channels: [0], times: {} })), info);
  for (
    const [select, message] of [
      [{ channels: [1] }, "there is no channel 1: choose from 0"],
      [{ times: { start: 1 } }, "there is no time point 1: the only one is 0"],
    ] as const
  ) {
    assertThrows(() => selectVolumes(info, SelectSchema.parse(select)), ClearstackError, message);
  }
});

const LIST = "0 (DAPI), 1 (GFP), 2 (GFP), 3 (640)";

for (
  const [select, message] of [
    [{ channels: [4] }, `there is no channel 4: choose from ${LIST}`],
    [{ channels: ["dapi"] }, `there is no channel dapi: choose from ${LIST}`],
    [{ channels: ["GFP"] }, "channels 1 and 2 are both called GFP: choose one by its index"],
    [{ channels: [0, 1, "DAPI"] }, "channel 0 (DAPI) is selected twice"],
    [{ times: { start: 5 } }, "there is no time point 5: the last one is 4"],
    [{ times: { stop: 6 } }, "there is no time point 5: the last one is 4"],
    [{ times: { start: 3, stop: 3 } }, "times from 3 to before 3 are none"],
  ] as const
) {
  Deno.test(`${JSON.stringify(select)} is refused with what there is`, async () => {
    const error = await assertRejects(() => narrowed(select), ClearstackError, message);
    assertEquals([error.kind, error.message.includes("\n")], ["invalid-request", false]);
  });
}

Deno.test("a number beyond the channels is a name, as wavelengths are", async () => {
  assertEquals((await narrowed({ channels: [640] })).selection, { channels: [3] });
});

Deno.test("a sample holds voxels of its channel and of the selected times only, the same with and without other channels", async () => {
  const numbered = Uint16Array.from(values, (_, index) => index);
  const url = memoryUrl();
  await writeSeries(url, { shape: SHAPE, chunk: [2, 3, 2, 3, 3], values: numbered, names: NAMES });
  const { info } = await openImage({ url });
  const sampleOf = async (select: Select, channel: number) => {
    const image = await reopenImage(selectVolumes(info, select));
    return (await sampleVoxels(image, { seed: 3, channel })).values;
  };
  const times = { start: 1, stop: 5, step: 3 };
  const expected = pickVolumes(numbered, SHAPE, { times: [1, 4], channels: [2] });
  const among = await sampleOf({ channels: [3, 2], times }, 1);
  assertEquals(among.toSorted(), Float32Array.from(expected));
  assertEquals(await sampleOf({ channels: [2], times }, 0), among);
  assertEquals(await sampleOf({ times }, 2), among);
});
