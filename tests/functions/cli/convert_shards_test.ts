/** Conversions into shards: what is stored, how often, and what becomes of the memory. */
import { assert, assertEquals } from "@std/assert";
import { cutBytes, cutImage } from "functions/cli/conversion/conversion_blocks.ts";
import { createLocalEngine } from "shared/engine/local.ts";
import { voxelCount } from "shared/volume/geometry.ts";
import { axesOf } from "shared/image/axes.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { storedBytes } from "../../fixtures/raw_zarr.ts";
import { keysBelow } from "../identity_jobs.ts";
import { patternedVoxels, writeZarr } from "../sample_image.ts";
import { runCli } from "./run_cli.ts";
import { convertImage, openImage, openStore, reduceTile } from "../../stores.ts";

const SHAPE = [2, 9, 40, 700];
/** Of z, y, x; the image ends within a shard along every axis. */
const SHARDS = "8,64,512";

/** A source whose chunks do not fit into the shards. */
async function sourceImage(): Promise<string> {
  const url = memoryUrl();
  await writeZarr(url, { shape: SHAPE, chunk: [1, 2, 40, 300], values: patternedVoxels(SHAPE), axes: [..."tzyx"] });
  return url;
}

/** Stored objects of all levels. */
async function objectsOf(url: string): Promise<(readonly [key: string, bytes: Uint8Array | undefined])[]> {
  const keys = (await keysBelow(url)).filter((key) => /^\d\/c\//.test(key));
  return await Promise.all(keys.map(async (key) => [key, await openStore(url).get(key)] as const));
}

Deno.test("shards hold every voxel of all levels, and each is written once", async () => {
  const [source, output, plain] = [await sourceImage(), memoryUrl(), memoryUrl()];
  const { status, out } = await runCli(["convert", source, output, "--shards", SHARDS, "--json", "--quiet"]);
  assertEquals(status, 0);
  const { omeVersion, chunk, shard, levels, bytesWritten } = JSON.parse(out);
  assertEquals({ omeVersion, chunk, shard, levels }, {
    omeVersion: "0.5",
    chunk: [8, 40, 256],
    shard: [8, 40, 512],
    levels: 3,
  });
  await runCli(["convert", source, plain, "--shards", "none", "--quiet"]);
  for (const level of ["0", "1", "2"]) {
    assertEquals(await storedBytes(output, level), await storedBytes(plain, level), `level ${level}`);
  }
  assertEquals(await storedBytes(output), await storedBytes(source));
  const objects = await objectsOf(output);
  // Of each of two volumes: 2 x 1 x 2 shards; a level of 350 columns has 1 x 1 x 1 or 2 of them, and one of 175 a chunk.
  assertEquals(objects.filter(([key]) => key.startsWith("0/")).length, 2 * 2 * 2);
  // What was written more than once would be counted more than once.
  assertEquals(objects.reduce((sum, [, bytes]) => sum + bytes!.length, 0), bytesWritten);
});

Deno.test("an image of OME-Zarr 0.4 becomes one of 0.5 in shards, and the same command writes the same bytes", async () => {
  const [source, old, output, again] = [await sourceImage(), memoryUrl(), memoryUrl(), memoryUrl()];
  await runCli(["convert", source, old, "--ome-version", "0.4", "--scale", "0.4,0.1,0.1", "--unit", "um", "--quiet"]);
  for (const url of [output, again]) {
    assertEquals((await runCli(["convert", old, url, "--shards", SHARDS, "--quiet"])).status, 0);
  }
  assertEquals(await objectsOf(again), await objectsOf(output));
  assertEquals(await storedBytes(output), await storedBytes(source));
  const { info } = await openImage({ url: output });
  assertEquals([info.format, info.scale, info.axes[1]!.unit], ["zarr3", [1, 0.4, 0.1, 0.1], "micrometer"]);
  const { words } = JSON.parse((await runCli(["reproduce", output, memoryUrl(), "--json"])).out);
  assert(words.includes(`--shards=${SHARDS}`), words);
});

Deno.test("an interrupted conversion into shards goes on with those that are missing, to the same bytes", async () => {
  const [source, output, whole] = [memoryUrl(), memoryUrl(), memoryUrl()];
  const shape = [5, 9, 40, 300];
  await writeZarr(source, { shape, chunk: [1, 9, 40, 300], values: patternedVoxels(shape), axes: [..."tzyx"] });
  const request = (url: string) => ({
    source: { url: source },
    output: { url, ifExists: "fail", version: "0.5", shards: [8, 40, 256], pyramid: "auto" },
  } as const);
  const options = { memoryBytes: 2 ** 29, engine: createLocalEngine({ levels: reduceTile }) };
  const stop = new AbortController();
  const error = await convertImage(request(output), {
    ...options,
    signal: stop.signal,
    onProgress: ({ tilesDone }) => tilesDone >= 2 && stop.abort(),
  }).catch((error) => error);
  assertEquals(error.kind, "cancelled");
  assertEquals(await openStore(output).get("zarr.json"), undefined, "an unfinished output looked finished");
  const begun = await runCli(["convert", source, output, "--shards", "none"]);
  assertEquals([begun.status, begun.err.split("\n").length], [2, 2], begun.err);
  const { blocks, blocksWritten } = await convertImage(request(output), options);
  assert(blocksWritten > 0 && blocksWritten < blocks, `${blocksWritten} of ${blocks}`);
  await convertImage(request(whole), options);
  assertEquals(await objectsOf(output), await objectsOf(whole));
  assertEquals(await storedBytes(output), await storedBytes(source));
});

/** A TIFF of uint16. */
const pages = (sides: readonly number[]) => ({
  ...{ url: "", path: "", format: "tiff" as const, dtype: "uint16" as const, identity: "" },
  ...{ shape: [...sides], chunkShape: [1, ...sides.slice(1)], axes: axesOf("zyx"), scale: [1, 1, 1] },
});

Deno.test("large images have shards of 64 MiB by themselves, small ones and 0.4 have none, and little memory makes small ones", () => {
  const cut = (sides: readonly number[], version: "0.4" | "0.5", memory: number) =>
    cutImage(pages(sides), { version, shards: "auto" }, memory);
  // 32 x 9 x 9 chunks of 2 MiB.
  const large = [500, 2304, 2304];
  const { chunk, shard, block } = cut(large, "0.5", 2 ** 32);
  assertEquals(chunk, [16, 256, 256]);
  // 16 pages are a block; a third of it is the largest that divides it and is not more than 64 MiB.
  assertEquals([shard, block], [[16, 768, 2304], [16, 2304, 2304]]);
  assertEquals(cut([100, 2304, 2304], "0.5", 2 ** 32).shard, undefined);
  assertEquals(cut(large, "0.4", 2 ** 32).shard, undefined);
  for (let memory = 2 ** 29; memory < 2 ** 31; memory *= 1.1) {
    const little = cut(large, "0.5", memory);
    assert(cutBytes(pages(large), little) <= memory);
    assert(little.shard === undefined || 2 * voxelCount(little.shard) <= 2 ** 26);
  }
});

for (
  const [flags, message] of [
    [["--shards", "8,32,256", "--ome-version", "0.4"], "leave out --shards 8,32,256, or give --ome-version 0.5"],
    [["--shards", "8,32"], '--shards "8,32": expected Z,Y,X, since the image has z, y and x'],
    [["--shards", "64MiB"], '--shards "64MiB"'],
    [["--shards", "8,40,512", "--memory", "257MiB"], "give smaller --shards, or allow at least 261MiB with --memory"],
  ] as const
) {
  Deno.test(`convert ${flags.join(" ")} is refused in one line, and nothing is written`, async () => {
    const [source, output] = [await sourceImage(), memoryUrl()];
    const { status, err } = await runCli(["convert", source, output, ...flags]);
    assertEquals([status, err.split("\n").length], [2, 2], err);
    assert(err.includes(message), err);
    assertEquals(await Array.fromAsync(openStore(output).list("")), []);
  });
}

Deno.test("shards of an image without z are given as Y,X", async () => {
  const [source, output] = [memoryUrl(), memoryUrl()];
  await writeZarr(source, { shape: [90, 700], chunk: [90, 700], values: patternedVoxels([90, 700]), axes: [..."yx"] });
  const { status, out } = await runCli(["convert", source, output, "--shards", "90,512", "--json", "--quiet"]);
  assertEquals([status, JSON.parse(out).shard], [0, [1, 90, 512]]);
  assertEquals(await storedBytes(output), await storedBytes(source));
});
