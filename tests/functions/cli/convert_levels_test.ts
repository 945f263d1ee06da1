/** Converted images with coarser levels, from the source to what viewers read. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { cutImage } from "functions/cli/conversion/conversion_blocks.ts";
import { conversionLevels, levelsBytes } from "functions/cli/conversion/conversion_levels.ts";
import type { ConversionRequest } from "functions/cli/conversion/conversion_record.ts";
import type { Dtype } from "shared/contract/image_info.ts";
import { DtypeSchema } from "shared/contract/image_info.ts";
import { createLocalEngine } from "shared/engine/local.ts";
import type { Invoke } from "shared/engine/task_kinds.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { axesOf } from "shared/image/axes.ts";
import { VOXEL_ARRAYS } from "shared/volume/voxel_arrays.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { storedBytes, writeRawZarr } from "../../fixtures/raw_zarr.ts";
import { keysBelow } from "../identity_jobs.ts";
import { indices, patternedVoxels, writeZarr } from "../sample_image.ts";
import { exists, runCli } from "./run_cli.ts";
import { slowTest } from "../../test_unless.ts";
import { convertImage, openImage, openStore, reduceTile } from "../../stores.ts";

type Voxels = InstanceType<typeof VOXEL_ARRAYS[Dtype]>;

/** Voxels all over the range of their type; of floats, finite ones. */
function randomVoxels(dtype: Dtype, length: number): Voxels {
  const values = new VOXEL_ARRAYS[dtype](length);
  const bytes = new Uint8Array(values.buffer);
  let state = 7;
  for (let i = 0; i < bytes.length; i++) {
    state = (state * 48271) % 2147483647;
    bytes[i] = dtype === "bool" ? state & 1 : state >> 8;
  }
  if (!dtype.startsWith("float")) return values;
  // Bits are as good as values where these are numbers of ordinary size.
  for (let i = 0; i < length; i++) values[i] = ((i * 7919) % 1009 - 500) / 7;
  return values;
}

/** Mean of a cell, told exactly: integers as a sum and a count. */
function meanOf(dtype: Dtype, cell: readonly (number | bigint)[]): number | bigint {
  if (dtype.startsWith("float")) return (cell as number[]).reduce((sum, value) => sum + value, 0) / cell.length;
  const [sum, count] = [cell.reduce<bigint>((sum, value) => sum + BigInt(value), 0n), BigInt(cell.length)];
  // The integers around it: the nearer one, of equally near ones the even one, of bool the set one.
  const truncated = sum / count;
  const distance = (value: bigint) => value * count > sum ? value * count - sum : sum - value * count;
  const nearest = [truncated - 1n, truncated, truncated + 1n].sort((a, b) => {
    const closer = distance(a) - distance(b);
    if (closer !== 0n) return closer < 0n ? -1 : 1;
    return dtype === "bool" ? Number(b - a) : a % 2n === 0n ? -1 : 1;
  })[0]!;
  return dtype.endsWith("64") ? nearest : Number(nearest);
}

/** The level after `values`, voxel by voxel, with all axes halved. */
function coarser(dtype: Dtype, values: Voxels, shape: Vec3): { values: Voxels; shape: Vec3 } {
  const half = shape.map((side) => Math.ceil(side / 2)) as unknown as Vec3;
  const means = new VOXEL_ARRAYS[dtype](half[0] * half[1] * half[2]);
  [...indices(half)].forEach((at, index) => {
    const cell = [...indices([2, 2, 2])]
      .map((inside) => inside.map((step, axis) => 2 * at[axis]! + step))
      .filter((place) => place.every((position, axis) => position < shape[axis]!))
      .map(([z, y, x]) => values[(z! * shape[1] + y!) * shape[2] + x!]!);
    means[index] = meanOf(dtype, cell) as never;
  });
  return { values: means, shape: half };
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Voxels) => new Uint8Array(buffer, byteOffset, byteLength);

for (const dtype of DtypeSchema.options) {
  Deno.test(`levels of ${dtype} hold the means of the one before, to the last bit, in both versions`, async () => {
    const shape: Vec3 = [3, 5, 517];
    const values = randomVoxels(dtype, 3 * 5 * 517);
    const first = coarser(dtype, values, shape);
    const second = coarser(dtype, first.values, first.shape);
    for (const version of ["0.5", "0.4"]) {
      const [source, output] = [memoryUrl(), memoryUrl()];
      await writeRawZarr(source, { dtype, shape, bytes: bytesOf(values) });
      const { status, err } = await runCli(["convert", source, output, "--ome-version", version]);
      assertEquals([status, err], [0, "writing level 1 of 2\nwriting level 2 of 2\n"]);
      assertEquals(await storedBytes(output), bytesOf(values));
      for (const [index, level] of [first, second].entries()) {
        const { info } = await openImage({ url: output, path: `${index + 1}` });
        assertEquals([info.dtype, info.shape], [dtype, [...level.shape]]);
        assertEquals(await storedBytes(output, `${index + 1}`), bytesOf(level.values), `level ${index + 1}`);
      }
    }
  });
}

const attributesOf = async (url: string, version: string) => {
  const key = version === "0.5" ? "zarr.json" : ".zattrs";
  const document = JSON.parse(new TextDecoder().decode(await openStore(url).get(key)));
  return version === "0.5" ? document.attributes.ome : document;
};

Deno.test("times and channels have levels and windows of their own, and means say how they are rounded", async () => {
  const shape = [2, 3, 2, 6, 300];
  const values = Uint16Array.from(
    patternedVoxels(shape),
    (value, index) => value + 10_000 * (Math.floor(index / 3600) % 3),
  );
  for (const version of ["0.5", "0.4"]) {
    const [source, output] = [memoryUrl(), memoryUrl()];
    await writeZarr(source, { shape, chunk: [1, 1, 2, 6, 300], values });
    assertEquals((await runCli(["convert", source, output, "--ome-version", version, "--quiet"])).status, 0);
    const { multiscales: [multiscale], omero } = await attributesOf(output, version);
    assertEquals(multiscale.datasets.map(({ path }: { path: string }) => path), ["0", "1"]);
    assertEquals(multiscale.datasets[1].coordinateTransformations, [
      { type: "scale", scale: [1, 1, 2, 2, 2] },
      { type: "translation", translation: [0, 0, 0.5, 0.5, 0.5] },
    ]);
    assert(multiscale.metadata.description.endsWith("rounded to the nearest integer, halfway to the even one."));
    const level = new Uint16Array((await storedBytes(output, "1")).buffer);
    for (let volume = 0; volume < 6; volume++) {
      const fine = values.slice(volume * 3600, (volume + 1) * 3600);
      const expected = coarser("uint16", fine, [2, 6, 300]).values;
      assertEquals(level.slice(volume * 450, (volume + 1) * 450), expected);
    }
    for (const channel of [0, 1, 2]) {
      const all = [channel, channel + 3].flatMap((volume) => [...values.subarray(volume * 3600, (volume + 1) * 3600)]);
      const { min, max, start, end } = omero.channels[channel].window;
      assertEquals([min, max], [Math.min(...all), Math.max(...all)]);
      assert(min < start && start < end && end < max, `${[min, start, end, max]}`);
    }
  }
});

Deno.test("voxels that are no numbers stay so in levels, and have no say in windows", async () => {
  const shape = [1, 4, 600];
  const values = Float32Array.from(
    { length: 2400 },
    (_, index) => index % 600 < 300 ? NaN : index % 3 ? index : Infinity,
  );
  for (const voxels of [values, new Float32Array(2400).fill(NaN)]) {
    const [source, output] = [memoryUrl(), memoryUrl()];
    await writeZarr(source, { shape, chunk: shape, values: voxels });
    assertEquals((await runCli(["convert", source, output, "--quiet"])).status, 0);
    const finite = voxels.filter(Number.isFinite);
    const { min, max, start, end } = (await attributesOf(output, "0.5")).omero.channels[0].window;
    assertEquals([min, max], finite.length > 0 ? [Math.min(...finite), Math.max(...finite)] : [0, 1]);
    assert(min <= start && start < end && end <= max, `${[start, end]}`);
    assert(Number.isNaN(new Float32Array((await storedBytes(output, "1")).buffer)[0]));
  }
});

const requestFor = (source: string, url: string): ConversionRequest => ({
  source: { url: source },
  output: { url, ifExists: "fail", version: "0.5", shards: "auto", pyramid: "auto" },
});

/** Stored objects of all levels. */
async function objectsOf(url: string): Promise<readonly (readonly [string, Uint8Array | undefined])[]> {
  const keys = (await keysBelow(url)).filter((key) => /^\d/.test(key));
  return await Promise.all(keys.map(async (key) => [key, await openStore(url).get(key)] as const));
}

Deno.test("a conversion that stops in a level or between two goes on with the tiles that are missing, to the same bytes", async () => {
  // A tile for each of three volumes in each of two levels.
  const shape = [3, 2, 6, 600];
  const [source, output, undisturbed] = [memoryUrl(), memoryUrl(), memoryUrl()];
  await writeZarr(source, { shape, chunk: [1, 2, 6, 256], values: patternedVoxels(shape) });
  const written: string[] = [];
  const run = (url: string, tasks: number) => {
    const levels: Invoke<"levels"> = async (task, signal) => {
      if (tasks-- <= 0) throw new ClearstackError("unwritable", "the disk is full");
      const report = await reduceTile(task, signal);
      if (url === output) written.push(`${task.level}/${task.tile.index}`);
      return report;
    };
    return convertImage(requestFor(source, url), { memoryBytes: 2 ** 29, engine: createLocalEngine({ levels }) });
  };
  await run(undisturbed, Infinity);
  for (const tasks of [0, 2, 1, 2]) {
    await assertRejects(
      () => run(output, tasks),
      ClearstackError,
      "the disk is full; 3 of 3 blocks are kept",
    );
    assertEquals(await openStore(output).get("zarr.json"), undefined, "an unfinished output looked finished");
  }
  const result = await run(output, Infinity);
  assertEquals([result.blocksWritten, "levels" in result && result.levels], [0, 3]);
  assertEquals([new Set(written).size, written.length], [6, 6], "a finished tile was written again");
  assertEquals(await objectsOf(output), await objectsOf(undisturbed));
});

slowTest(
  "a conversion killed between two levels is completed by the same command, to the bytes of an undisturbed run",
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "clearstack-convert-" });
    try {
      // Very many volumes, so that the process is still at the second level when it dies.
      const shape = [300, 1, 8, 600];
      const source = `${folder}/image.zarr`;
      await writeZarr(source, { shape, chunk: [1, 1, 8, 600], values: patternedVoxels(shape) });
      const start = (output: string) =>
        new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", "--no-check", "functions/cli/main.ts", "convert", source, output, "--json", "--quiet"],
          cwd: new URL("../../../", import.meta.url),
          stdout: "piped",
          stderr: "null",
        }).spawn();
      const [killed, undisturbed] = [`${folder}/killed.zarr`, `${folder}/undisturbed.zarr`];
      const records = async (level: number) => {
        const keys = await exists(killed) ? await keysBelow(killed) : [];
        return keys.filter((key) => key.startsWith(".clearstack/levels/") && key.includes(`/${level}/`)).length;
      };
      const process = start(killed);
      while (await records(2) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      process.kill("SIGKILL");
      await process.output();
      const kept = await records(2);
      assert(kept < shape[0]!, "the last level was complete when the process died");
      assertEquals(await exists(`${killed}/zarr.json`), false, "an unfinished output looked finished");

      const { stdout } = await start(killed).output();
      assertEquals(JSON.parse(new TextDecoder().decode(stdout)).blocksWritten, 0);
      await start(undisturbed).output();
      assertEquals(await objectsOf(killed), await objectsOf(undisturbed));
      assertEquals(await exists(`${killed}/zarr.json`), true);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

Deno.test("without a pyramid there is the full resolution alone, and the command that makes it again says so", async () => {
  const [source, output, again] = [memoryUrl(), memoryUrl(), memoryUrl()];
  await writeZarr(source, { shape: [1, 4, 600], chunk: [1, 4, 600], values: patternedVoxels([1, 4, 600]) });
  const { out } = await runCli(["convert", source, output, "--no-pyramid", "--quiet", "--json"]);
  assertEquals(JSON.parse(out).levels, 1);
  assertEquals((await keysBelow(output)).filter((key) => /^[1-9]/.test(key)), []);
  const unlike = await runCli(["convert", source, output, "--resume"]);
  assertEquals([unlike.status, unlike.err.includes("already exists")], [2, true]);
  const { words } = JSON.parse((await runCli(["reproduce", output, again, "--json"])).out);
  assert(words.includes("--no-pyramid"), words);
  assertEquals((await runCli(words)).status, 0);
  assertEquals(await objectsOf(again), await objectsOf(output));
});

Deno.test("levels are made again as well, with windows and all", async () => {
  const [source, output, again] = [memoryUrl(), memoryUrl(), memoryUrl()];
  await writeZarr(source, { shape: [1, 4, 600], chunk: [1, 4, 600], values: patternedVoxels([1, 4, 600]) });
  await runCli(["convert", source, output, "--quiet"]);
  const { words } = JSON.parse((await runCli(["reproduce", output, again, "--json"])).out);
  assertEquals((await runCli(words)).status, 0);
  assertEquals(await objectsOf(again), await objectsOf(output));
  assertEquals(await attributesOf(again, "0.5"), await attributesOf(output, "0.5"));
});

Deno.test("a tile of the levels fits in any budget that blocks fit in, unless shards are asked for", () => {
  const side = (most: number) => fc.integer({ min: 1, max: most });
  const shapes = fc.tuple(side(100), side(3000), side(3000));
  const dtypes = fc.constantFrom<Dtype[]>("uint8", "uint16", "float32", "uint64");
  const shards = fc.oneof(fc.constantFrom("auto", "none"), fc.tuple(side(40), side(600), side(600)));
  const budgets = fc.integer({ min: 257, max: 740 });
  fc.assert(
    fc.property(shapes, shapes, dtypes, budgets, shards, (shape, chunkShape, dtype, mebibytes, shards) => {
      const image = {
        ...{ url: "", path: "", format: "tiff" as const, dtype, identity: "" },
        ...{ shape, chunkShape, axes: axesOf("zyx"), scale: [1, 1, 1] },
      };
      const budget = mebibytes * 2 ** 20;
      const output = { version: "0.5", shards } as Pick<ConversionRequest["output"], "version" | "shards">;
      const orRefused = <T>(decide: () => T): T | undefined => {
        try {
          return decide();
        } catch (error) {
          assert(error instanceof ClearstackError && error.kind === "over-budget", `${error}`);
          return undefined;
        }
      };
      const cut = orRefused(() => cutImage(image, output, budget));
      if (cut === undefined) return fc.pre(false);
      const levels = orRefused(() => conversionLevels(image, { chunk: cut.chunk, output }, budget));
      if (levels === undefined) return assert(typeof shards !== "string");
      assert(levelsBytes(image, { chunk: cut.chunk, levels }) <= budget);
      for (const { tile, chunk, shard } of levels) {
        assert(tile.every((length, axis) => length % (shard ?? chunk)[axis]! === 0));
      }
    }),
    { numRuns: 300 },
  );
});
