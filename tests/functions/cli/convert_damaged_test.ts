/** Of a conversion, too, what was lost or damaged is noticed and made again. */
import { assertEquals } from "@std/assert";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { openStore } from "../../stores.ts";
import { keysBelow } from "../identity_jobs.ts";
import { patternedVoxels, writeZarr } from "../sample_image.ts";
import { runCli } from "./run_cli.ts";

const SHAPE = [4, 8, 600];

async function voxels(url: string): Promise<[string, string][]> {
  const keys = (await keysBelow(url)).filter((key) => /^\d+\//.test(key));
  return await Promise.all(keys.map(async (key) => [key, (await openStore(url).get(key))!.toHex()]));
}

Deno.test("records and objects of a finished conversion that are cut, altered or gone are made again by --resume", async () => {
  const source = memoryUrl();
  await writeZarr(source, { shape: SHAPE, chunk: [4, 8, 150], values: patternedVoxels(SHAPE) });
  const output = memoryUrl();
  const convert = (...flags: string[]) => runCli(["convert", source, output, "--shards", "none", "--quiet", ...flags]);
  assertEquals((await convert()).status, 0);
  const expected = await voxels(output);
  const store = openStore(output);
  const [record] = (await keysBelow(output)).filter((key) => key.startsWith(".clearstack/levels/"));
  const damages: [string, (bytes: Uint8Array) => Uint8Array | undefined, ...string[]][] = [
    [record!, () => new TextEncoder().encode('{"least": "garbage"}')],
    [record!, () => undefined],
    ["0/c/0/0/0", (bytes) => bytes.subarray(0, 40)],
    ["0/c/0/0/0", () => undefined],
    ["1/c/0/0/0", () => new Uint8Array(0)],
    ["0/c/0/0/0", (bytes) => bytes.with(bytes.length - 9, bytes.at(-9)! ^ 4), "--verify"],
    ["zarr.json", (bytes) => bytes.subarray(0, 99)],
  ];
  for (const [key, change, ...flags] of damages) {
    const bytes = change((await store.get(key))!);
    if (bytes) await store.put(key, bytes);
    else await store.delete(key);
    const { status, err } = await convert("--resume", ...flags);
    assertEquals([status, await voxels(output)], [0, expected], `${key}: ${err}`);
    assertEquals((await runCli(["info", output, "--json"])).status, 0);
  }
  await store.put(".clearstack/job.json", new TextEncoder().encode("{"));
  const refused = await convert("--resume");
  assertEquals([refused.status, refused.err.includes("--overwrite")], [2, true], refused.err);
  assertEquals([(await convert("--overwrite")).status, await voxels(output)], [0, expected]);
});
