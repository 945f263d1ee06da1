import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertOutputName } from "shared/image/output_form.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import fc from "fast-check";
import {
  CONVERSION_FLAGS,
  conversionArguments,
  conversionRequest,
} from "functions/cli/conversion/conversion_arguments.ts";
import { parseArguments } from "functions/cli/flags/parse_arguments.ts";
import { DtypeSchema } from "shared/contract/image_info.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";
import { ClearstackError } from "shared/errors.ts";
import { blockAt, blockCount, cutImage } from "functions/cli/conversion/conversion_blocks.ts";
import { ConversionRequestSchema } from "functions/cli/conversion/conversion_record.ts";
import { createLocalEngine } from "shared/engine/local.ts";
import { axesOf } from "shared/image/axes.ts";
import { RUNTIME_BYTES } from "shared/plan/host_memory.ts";
import { arbitraryOfSchema } from "../../../fixtures/arbitrary_of_schema.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { oneDirectoryTiff } from "../../../fixtures/one_directory_tiff.ts";
import { storedBytes, writeRawZarr } from "../../../fixtures/raw_zarr.ts";
import { patternedVoxels, writeZarr } from "../../sample_image.ts";
import { runCli } from "../run_cli.ts";
import { convertImage, openImage, openStore, reduceTile } from "../../../stores.ts";

/** Writes coarser levels as the command does. */
const ENGINE = createLocalEngine({ levels: reduceTile });

for (const dtype of DtypeSchema.options) {
  Deno.test(`${dtype} comes out bit by bit as it went in`, async () => {
    const shape = [3, 5, 7];
    const bytes = new Uint8Array(3 * 5 * 7 * dtypeBytes(dtype));
    let state = 7;
    // All bit patterns are as likely, those of NaN among them; of bool only two are values.
    for (let i = 0; i < bytes.length; i++) {
      state = (state * 48271) % 2147483647;
      bytes[i] = dtype === "bool" ? state & 1 : state >> 8;
    }
    for (const version of ["0.5", "0.4"]) {
      const [source, output] = [memoryUrl(), memoryUrl()];
      await writeRawZarr(source, { dtype, shape, bytes });
      const { status, err } = await runCli(["convert", source, output, "--ome-version", version]);
      assertEquals([status, err], [0, ""]);
      assertEquals((await openImage({ url: output })).info.dtype, dtype);
      assertEquals(await storedBytes(output), bytes);
    }
  });
}

Deno.test("axes, spacing, units and names of channels are kept", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const description = "ImageJ=1.53t\nimages=12\nchannels=3\nslices=4\nhyperstack=true\nunit=um\nspacing=0.4\n";
    const values = patternedVoxels([12, 6, 5]);
    const file = { plane: [6, 5] as const, values, description, bigEndian: true, perUnit: 8 };
    await Deno.writeFile(`${folder}/a.tif`, oneDirectoryTiff(file));
    const { status } = await runCli(["convert", `${folder}/a.tif`, `${folder}/b.zarr`]);
    assertEquals(status, 0);
    const { info } = await openImage({ url: `${folder}/b.zarr` });
    assertEquals([info.shape, info.axes.map(({ name }) => name).join(""), info.dtype], [
      [3, 4, 6, 5],
      "czyx",
      "uint16",
    ]);
    assertEquals([info.scale, info.axes[1]!.unit, info.name], [[1, 0.4, 0.125, 0.125], "micrometer", "a"]);
    assertEquals(await storedBytes(`${folder}/b.zarr`), await storedBytes(`${folder}/a.tif`));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a voxel size that is given replaces that of the source", async () => {
  const [source, output] = [memoryUrl(), memoryUrl()];
  await writeZarr(source, { shape: [2, 4, 5], chunk: [1, 4, 5], values: patternedVoxels([2, 4, 5]) });
  await runCli(["convert", source, output, "--scale", "0.5,0.1,0.2", "--unit", "um"]);
  const { info } = await openImage({ url: output });
  assertEquals([info.scale, info.axes.map(({ unit }) => unit)], [[0.5, 0.1, 0.2], Array(3).fill("micrometer")]);
});

Deno.test("ambiguous axes are refused with what to say, and saying it mends it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const description = "ImageJ=1.53t\nimages=4\nchannels=4\n";
    const values = patternedVoxels([4, 6, 5]);
    await Deno.writeFile(`${folder}/a.tif`, oneDirectoryTiff({ plane: [6, 5], values, description }));
    const refused = await runCli(["convert", `${folder}/a.tif`, `${folder}/b.zarr`]);
    assertEquals([refused.status, refused.err.includes("--axes zyx")], [2, true]);
    assertEquals((await runCli(["convert", `${folder}/a.tif`, `${folder}/b.zarr`, "--axes", "zyx"])).status, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an interrupted conversion shows no image, and goes on where it stopped, to the same bytes", async () => {
  const [source, output, whole] = [memoryUrl(), memoryUrl(), memoryUrl()];
  const shape = [3, 40, 30, 20];
  await writeZarr(source, { shape, chunk: [1, 40, 30, 20], values: patternedVoxels(shape), axes: [..."tzyx"] });
  const stop = new AbortController();
  const request = {
    source: { url: source },
    output: { url: output, ifExists: "fail", version: "0.5", shards: "auto", pyramid: "auto" },
  } as const;
  const options = { memoryBytes: 2 ** 29, engine: ENGINE };
  const error = await convertImage(request, {
    ...options,
    signal: stop.signal,
    onProgress: ({ tilesDone }) => tilesDone >= 2 && stop.abort(),
  }).catch((error) => error);
  assertEquals(error.kind, "cancelled");
  assert(/[23] of 3 blocks are kept .*run the same command again/.test(error.message), error.message);
  assertEquals(await openStore(output).get("zarr.json"), undefined);
  assert((await runCli(["info", output])).out.includes("unfinished"));

  // It keeps to the blocks of the run that began it, or says what they take.
  const tight = await convertImage(request, { ...options, memoryBytes: RUNTIME_BYTES + 200_000 }).catch((error) =>
    error
  );
  assert(tight.kind === "over-budget" && /allow at least \d+MiB with --memory/.test(tight.message), tight.message);
  const again = await convertImage(request, options);
  assert(again.blocksWritten < again.blocks, `${again.blocksWritten} of ${again.blocks}`);
  await convertImage({ ...request, output: { ...request.output, url: whole } }, options);
  assertEquals(await storedBytes(output), await storedBytes(whole));
  assertEquals(await storedBytes(output), await storedBytes(source));
});

Deno.test("the time that is left is told once a block is written, and is none in the end", async () => {
  const [source, output] = [memoryUrl(), memoryUrl()];
  const shape = [3, 4, 6, 5];
  await writeZarr(source, { shape, chunk: [1, 4, 6, 5], values: patternedVoxels(shape), axes: [..."tzyx"] });
  const told: (number | undefined)[] = [];
  await convertImage({
    source: { url: source },
    output: { url: output, ifExists: "fail", version: "0.5", shards: "auto", pyramid: "none" },
  }, { memoryBytes: 2 ** 29, engine: ENGINE, onProgress: ({ etaSeconds }) => told.push(etaSeconds) });
  assertEquals([told.length, told[0], told.at(-1)], [4, undefined, 0]);
  assert(told[1]! > 0 && Number.isFinite(told[1]), `${told}`);
});

Deno.test("a finished output is refused, accepted or replaced as asked, and no output lies over its source", async () => {
  const [source, other, output] = [memoryUrl(), memoryUrl(), memoryUrl()];
  for (const url of [source, other]) {
    await writeZarr(url, { shape: [2, 4, 5], chunk: [1, 4, 5], values: patternedVoxels([2, 4, 5]) });
  }
  assertEquals((await runCli(["convert", source, output])).status, 0);
  const refused = await runCli(["convert", source, output]);
  assertEquals([refused.status, refused.err.includes("--resume or replace it with --overwrite")], [2, true]);
  assertEquals(JSON.parse((await runCli(["convert", source, output, "--resume", "--json"])).out).blocksWritten, 0);
  assertEquals((await runCli(["convert", other, output, "--resume"])).status, 2);
  assertEquals((await runCli(["convert", other, output, "--overwrite"])).status, 0);
  assertEquals((await runCli(["convert", source, source, "--overwrite"])).status, 2);
});

for (
  const [flags, message] of [
    [["--scale", "1,2"], "has 3 axes of space: give Z,Y,X"],
    [["--scale", "0,1,1"], '--scale "0,1,1"'],
    [["--scale", "1,1,1", "--unit", "mile"], '--unit "mile"'],
    [["--unit", "um"], "--scale beside it"],
    [["--ome-version", "0.3"], "0.4, 0.5"],
    [["--memory", "1MiB"], "allow at least"],
  ] as const
) {
  Deno.test(`convert ${flags.join(" ")} is refused in one line, and nothing is written`, async () => {
    const [source, output] = [memoryUrl(), memoryUrl()];
    await writeZarr(source, { shape: [2, 4, 5], chunk: [1, 4, 5], values: patternedVoxels([2, 4, 5]) });
    const { status, err } = await runCli(["convert", source, output, ...flags]);
    assertEquals([status, err.split("\n").length], [2, 2]);
    assert(err.includes(message), err);
    assertEquals(await Array.fromAsync(openStore(output).list("")), []);
  });
}

function isOutputName(url: string): boolean {
  try {
    assertOutputName(url);
    return true;
  } catch {
    return false;
  }
}

Deno.test("any request there can be is written as arguments that are read as the same request", async () => {
  await fc.assert(fc.asyncProperty(arbitraryOfSchema(ConversionRequestSchema), async (random) => {
    const parsed = ConversionRequestSchema.safeParse(random);
    // What is read back may have a name that is not taken any more.
    fc.pre(parsed.success && isOutputName(parsed.data.output.url));
    const { unit: _, ...request } = parsed.data!;
    const wish = request.scale === undefined ? request : { ...request, unit: "micrometer" };
    const form = { usage: "convert", positionals: ["SOURCE", "OUTPUT"], flags: CONVERSION_FLAGS };
    assertEquals(
      await conversionRequest(parseArguments(conversionArguments(wish), form), { environment: NO_ENVIRONMENT }),
      wish,
    );
  }));
});

Deno.test("blocks cover every voxel once, in whole chunks and shards, within memory", () => {
  const side = (most: number) => fc.integer({ min: 1, max: most });
  const sides = fc.tuple(side(90), side(700), side(700));
  const shards = fc.oneof(fc.constantFrom("auto", "none"), fc.tuple(side(40), side(300), side(300)));
  let sharded = 0;
  fc.assert(
    fc.property(sides, sides, shards, fc.integer({ min: 270, max: 700 }), fc.constantFrom(1, 2, 500), (
      shape,
      chunkShape,
      shards,
      mebibytes,
      times,
    ) => {
      const image = {
        ...{ url: "", path: "", format: "tiff" as const, dtype: "uint16" as const, identity: "" },
        ...{ shape: [times, ...shape], chunkShape: [1, ...chunkShape], axes: axesOf("tzyx"), scale: [1, 1, 1, 1] },
      };
      const budget = mebibytes * 2 ** 20;
      let cut;
      try {
        cut = cutImage(image, { version: "0.5", shards } as never, budget);
      } catch (error) {
        assert(error instanceof ClearstackError && error.kind === "over-budget", `${error}`);
        return fc.pre(false);
      }
      const { chunk, shard, block, concurrency, reads } = cut;
      sharded += shard === undefined ? 0 : 1;
      const volume = (sides: readonly number[]) => sides.reduce((product, length) => product * length, 1);
      const held = concurrency * volume(block) + 2 * Math.min(8, concurrency * reads) * volume(chunkShape) +
        2 * volume(shard ?? [0]);
      assert(RUNTIME_BYTES + 2 * held <= budget);
      const stored = shard ?? chunk;
      assert(stored.every((length, axis) => length % chunk[axis]! === 0), `${shard} of ${chunk}`);
      let seen = 0;
      const count = blockCount(image, block) / times;
      for (let index = 0; index < count; index++) {
        const { box } = blockAt(image, block, index);
        assert(box.start.every((start, axis) => start % stored[axis]! === 0));
        assert(
          box.shape.every((length, axis) =>
            length > 0 && (length % stored[axis]! === 0 || box.start[axis]! + length === shape[axis]!)
          ),
        );
        seen += volume(box.shape);
      }
      assertEquals(seen, volume(shape));
    }),
    { numRuns: 400 },
  );
  assert(sharded > 40, `only ${sharded} of 400 had shards`);
});

Deno.test("a conversion whose source is written anew stops, goes on only with --overwrite, and mixes nothing", async () => {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-convert-" });
  try {
    const [source, output] = [`${folder}/source.zarr`, `${folder}/output.zarr`];
    const shape = [40, 8, 9, 10];
    const values = patternedVoxels(shape);
    await writeZarr(source, { shape, chunk: [1, 8, 9, 10], values, axes: [..."tzyx"] });
    const request = {
      source: { url: source },
      output: { url: output, ifExists: "fail", version: "0.5", shards: "auto", pyramid: "none" },
    } as const;
    const options = { memoryBytes: 2 ** 29, engine: ENGINE };
    const chunk = `${source}/c/39/0/0/0`;
    const change = () => {
      Deno.writeFileSync(chunk, Deno.readFileSync(chunk).map((byte) => byte ^ 1));
      Deno.utimeSync(chunk, new Date(), new Date());
    };
    const onProgress = ({ tilesDone }: { tilesDone: number }) => tilesDone === 1 && change();
    for (const given of [{ ...options, onProgress }, options]) {
      const error = await convertImage(request, given).catch((error) => error);
      assertEquals(error.kind, "conflict", error.message);
      assertStringIncludes(error.message, `${chunk} changed since the job was planned: it was written at`);
      assert(/; \d+ of 40 blocks (is|are) kept in [^:]+$/.test(error.message), error.message);
    }
    await convertImage({ ...request, output: { ...request.output, ifExists: "overwrite" } }, options);
    assertEquals(await storedBytes(output), await storedBytes(source));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
