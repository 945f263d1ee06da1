/** Runs the programs of docs/examples as users do, each in a process of its own. */
import { assertEquals } from "@std/assert";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { startService } from "functions/library/start_service.ts";
import { patternedVoxels, writePsf, writeZarr } from "../sample_image.ts";

const EXAMPLES = new URL("../../../docs/examples/", import.meta.url);
const SHAPE = [12, 40, 48];
const folder = await Deno.makeTempDir({ prefix: "clearstack-examples-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
await writeZarr(`${folder}/image`, { shape: SHAPE, chunk: SHAPE, values: patternedVoxels(SHAPE) });
await writePsf(`${folder}/psf`);

const tested = new Set<string>();

/** Runs a program; rejects if it fails, writes on standard error, or has not ended after a minute. */
async function runExample(name: string, ...args: string[]): Promise<string[]> {
  tested.add(name);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", new URL(name, EXAMPLES).href, ...args],
    cwd: folder,
    signal: AbortSignal.timeout(60_000),
  }).output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  return new TextDecoder().decode(stdout).trimEnd().split("\n");
}

Deno.test("an array in memory", async () => {
  assertEquals(await runExample("array_in_memory.ts"), [
    "before 1 101 401 501 501 501 501 401 101 1",
    "after  0 3 0 1502 0 0 1502 0 3 0",
  ]);
});

Deno.test("Zarr to Zarr", async () => {
  const [plan, ...lines] = await runExample("zarr_to_zarr.ts", "image", "psf", "by-example");
  assertEquals(plan!.replace(/\d+ MiB/, "some MiB"), "2 tiles of 12 x 20 x 48, some MiB");
  assertEquals(lines, ["tile 1 of 2", "tile 2 of 2", `23040 voxels in ${folder}/by-example`]);
});

Deno.test("a PSF by optics", async () => {
  assertEquals(await runExample("psf_by_optics.ts"), [
    "widths in µm 0.67 0.23 0.23",
    "voxels are fine enough true",
    "brightest voxel 8720",
  ]);
});

Deno.test("the kernels on one box", async () => {
  assertEquals(await runExample("kernels_on_one_box.ts"), ["8 x 32 x 32 10 true"]);
});

Deno.test("a job over HTTP", async () => {
  const config = { hostBytes: 2 ** 30, deviceBytes: 2 ** 30 };
  const service = await startService({ config, allowedUrls: "any", environment: NO_ENVIRONMENT });
  try {
    const paths = ["image", "psf", "by-http"].map((name) => `${folder}/${name}`);
    const lines = await runExample("job_over_http.ts", service.url, ...paths);
    assertEquals(lines.at(-1), "done 23040");
    assertEquals(lines.at(-2), "done, 1 of 1 tiles");
  } finally {
    await service.close();
  }
});

Deno.test("every program of docs/examples is run here", async () => {
  const names = await Array.fromAsync(Deno.readDir(EXAMPLES), ({ name }) => name);
  assertEquals(names.filter((name) => name.endsWith(".ts")).sort(), [...tested].sort());
});
