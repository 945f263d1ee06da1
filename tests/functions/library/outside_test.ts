/** A program outside the checkout: its own deno.json, the library linked as docs/library.md says. */
import { assertEquals } from "@std/assert";
import { patternedVoxels, writePsf, writeZarr } from "../sample_image.ts";
import { runCli } from "../cli/run_cli.ts";
import { slowTest } from "../../test_unless.ts";
import { openStore } from "../../stores.ts";

const CHECKOUT = decodeURIComponent(new URL("../../../", import.meta.url).pathname);
const SHAPE = [12, 40, 48];
const folder = await Deno.makeTempDir({ prefix: "clearstack-outside-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
await writeZarr(`${folder}/image`, { shape: SHAPE, chunk: [12, 20, 24], values: patternedVoxels(SHAPE) });
await writePsf(`${folder}/psf`);
await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify({ links: [CHECKOUT] }));

/** Runs a program in the folder; rejects if it is still running after five minutes, which one that leaves a thread would be. */
async function runProgram(name: string, source: string, { flags = ["-A"], env = {} } = {}): Promise<string> {
  await Deno.writeTextFile(`${folder}/${name}`, source);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, "--no-lock", name],
    cwd: folder,
    env,
    signal: AbortSignal.timeout(300_000),
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

slowTest("a program outside the checkout writes the bytes of the command line, and ends by itself", async () => {
  const out = await runProgram(
    "stored.ts",
    `import { deconvolve } from "@clearstack/clearstack";
     const result = await deconvolve("image", "psf", {
       output: "by-program",
       algorithm: { iterations: 3 },
       tiling: { tile: [12, 20, 48] },
     });
     console.log(result.tiles);`,
    { flags: ["--check", "-A"] },
  );
  assertEquals(out, "2\n");
  const args = ["--psf", `${folder}/psf`, "--iterations", "3", "--tile", "12,20,48"];
  await runCli(["deconvolve", `${folder}/image`, `${folder}/by-cli`, ...args]);
  const [ours, theirs] = await Promise.all(["by-program", "by-cli"].map(voxelObjects));
  assertEquals(Object.keys(ours!).length > 1, true);
  assertEquals(ours, theirs);
});

Deno.test("a program with arrays ends by itself, also after an error and a cancellation", async () => {
  const out = await runProgram(
    "arrays.ts",
    `import { ClearstackError, deconvolve } from "@clearstack/clearstack";
     import { createDeconvolver } from "@clearstack/clearstack/kernels";
     const image = { data: new Uint16Array(8 * 64 * 64).fill(7), shape: [8, 64, 64], axes: "zyx" };
     const psf = { data: new Float32Array([1, 2, 1]), shape: [1, 1, 3], axes: "zyx" };
     const settings = { backend: "cpu", algorithm: { iterations: 2 } } as const;
     const { data } = await deconvolve(image, psf, settings);
     console.log(Math.round(data[0]!));
     image.data[5] = 9;
     const kind = (error: unknown) => console.log((error as ClearstackError).kind);
     await deconvolve({ ...image, data: new Float32Array(8 * 64 * 64).fill(NaN) }, psf, settings).catch(kind);
     const long = { ...settings, algorithm: { iterations: 100_000 } };
     await deconvolve(image, psf, { ...long, signal: AbortSignal.timeout(300) }).catch(kind);
     console.log(typeof createDeconvolver);`,
  );
  assertEquals(out, "7\ncorrupt-data\ncancelled\nfunction\n");
});

/** A machine without a Vulkan driver and a program that computes on the GPU of its own process. */
const BARE = { VK_ICD_FILENAMES: "/nonexistent", VK_DRIVER_FILES: "/nonexistent", DENO_WEBGPU_BACKEND: "" };
const PLAN = `import { planJob } from "@clearstack/clearstack";
   const image = { data: new Uint16Array(8 * 32 * 32), shape: [8, 32, 32], axes: "zyx" };
   const psf = { data: new Float32Array([1, 2, 1]), shape: [1, 1, 3], axes: "zyx" };`;

Deno.test("a program on a machine without a Vulkan driver is told so, and gets no other adapter", async () => {
  const out = await runProgram(
    "bare.ts",
    `${PLAN}
     const error = await planJob(image, psf, { backend: "webgpu" }).catch((error) => error);
     console.log(error.kind, Deno.env.get("DENO_WEBGPU_BACKEND"));`,
    { env: BARE },
  );
  assertEquals(out, Deno.build.os === "linux" ? "no-device vulkan\n" : out);
});

Deno.test("a program that may not read variables runs, and is not asked whether it may", async () => {
  const flags = ["--allow-read", "--allow-sys", "--no-prompt"];
  const source = `${PLAN}
    console.log((await planJob(image, psf, { backend: "cpu" })).plan.tiles);`;
  assertEquals(await runProgram("confined.ts", source, { flags }), "1\n");
});

/** The stored bytes of all arrays of an output, by key. */
async function voxelObjects(name: string): Promise<Record<string, string>> {
  const store = openStore(`${folder}/${name}`);
  const objects: Record<string, string> = {};
  for await (const key of store.list("")) {
    if (/^\d+\//.test(key)) objects[key] = (await store.get(key))!.toHex();
  }
  return objects;
}
