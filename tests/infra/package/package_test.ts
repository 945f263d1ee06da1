/** The npm package, packed and installed into an empty folder as a user would. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { writePackage } from "../../../infra/package/write_package.ts";
import { installPackages } from "../../../infra/bundle/install_packages.ts";
import { LEFT_TO_ALL, testUnless } from "../../test_unless.ts";

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a program in a folder, without what the tests' own environment tells Deno. */
async function run(cwd: string, command: string, ...args: string[]): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command(command, { args, cwd, env: { NO_COLOR: "1" } }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)) as [string, string];
  return { code, out, err };
}

/** Makes an archive of the package and installs it into an empty folder. */
async function withInstalled(use: (folder: string) => Promise<void>): Promise<void> {
  const scratch = await Deno.makeTempDir({ prefix: "clearstack-package-" });
  try {
    const [written, folder] = [join(scratch, "package"), join(scratch, "empty")];
    await writePackage(written);
    await Deno.mkdir(folder);
    const packed = await run(scratch, "npm", "pack", "--silent", written);
    assertEquals([packed.code, packed.err], [0, ""]);
    const installed = await run(folder, "npm", "install", "--no-audit", "--no-fund", join(scratch, packed.out.trim()));
    assertEquals(installed.code, 0, installed.err);
    await use(folder);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** Kernels where there is no Deno, and the library in Deno and where there is none. */
const IN_NODE = `
  import { fastBox } from "clearstack/kernels";
  console.log(typeof Deno, fastBox([8, 15, 15]).join());
  await import("clearstack").catch(({ message }) => console.log(message));`;
const IN_DENO = `
  import { deconvolve } from "clearstack";
  import { createDeconvolver } from "clearstack/kernels";
  const image = { data: new Uint16Array(8 * 32 * 32).fill(7), shape: [8, 32, 32], axes: "zyx" };
  const psf = { data: new Float32Array([1, 2, 1]), shape: [1, 1, 3], axes: "zyx" };
  const { data } = await deconvolve(image, psf, { backend: "cpu", algorithm: { iterations: 2 } });
  console.log(Math.round(data[0]), typeof createDeconvolver);`;

/** Every export, and two mistakes. */
const TYPED = `
  import {
    ClearstackError, deconvolve, deconvolveSeries, generatePsf, inspectPsf, openImage, openReadable, openStore, planJob, readBox,
  } from "clearstack";
  import type {
    ArrayImage, ArrayResult, DeconvolveOptions, ErrorFields, ErrorKind, Image, ImageSource, JobProgress, JobResult, Plan,
    PreparedJob, PsfSource, ReadableStore, Store, StoredResult, StoreEnvironment, Warning,
  } from "clearstack";
  import { createDeconvolver, fastBox } from "clearstack/kernels";
  import type { Deconvolver, DeconvolverOptions, RunOptions, RunResult, Volume, VoxelData } from "clearstack/kernels";

  const image: ArrayImage = { data: new Uint16Array(8), shape: [2, 2, 2], axes: "zyx" };
  const onProgress = ({ tilesDone }: JobProgress) => console.log(tilesDone + 1);
  const array: ArrayResult = await deconvolve(image, { optics: { na: 1.2 } }, { algorithm: { iterations: 3 }, onProgress });
  const stored: StoredResult = await deconvolve("a", "b", { output: "c" });
  const all: readonly StoredResult[] = await deconvolveSeries("a", "b", { output: { url: "c" } });
  const { plan }: PreparedJob = await planJob(image, "b");
  const tile: readonly [number, number, number] = plan.tile;
  const warnings: readonly Warning[] = plan.warnings;
  await openImage({ url: "x" }).catch((error: unknown) => {
    const kind: ErrorKind | undefined = error instanceof ClearstackError ? error.kind : undefined;
    console.log(kind);
  });
  const psf: Volume = { shape: [1, 1, 3], values: new Float32Array(3) };
  const kernels: Deconvolver = await createDeconvolver("cpu", { box: fastBox([8, 15, 15]), psf });
  const { estimate }: RunResult = await kernels.run(new Float32Array(3), { iterations: 3 });
  // @ts-expect-error iterations are a number
  await deconvolve(image, "b", { algorithm: { iterations: "3" } });
  // @ts-expect-error there is no such field
  console.log(plan.tile_count);
  console.log(array.data[0], stored.tiles, all.length, tile, warnings, estimate);
  console.log(generatePsf, inspectPsf, openReadable, openStore, readBox);
  export type Others = [
    DeconvolveOptions, ErrorFields, Image, ImageSource, JobResult, Plan, PsfSource, ReadableStore, Store, StoreEnvironment,
    DeconvolverOptions, RunOptions, VoxelData,
  ];`;

/** Compiles a program that uses all there is: with the compiler, its libraries checked too, as Node and bundlers resolve, and in Deno. */
async function typeChecks(folder: string): Promise<void> {
  await Deno.writeTextFile(join(folder, "typed.mts"), TYPED);
  const compiler = join(await installPackages(), "node_modules/typescript/bin/tsc");
  const settings = [
    "--noEmit",
    "--strict",
    "--exactOptionalPropertyTypes",
    "--target",
    "esnext",
    "--lib",
    "esnext,dom",
  ];
  for (const [module, resolution] of [["nodenext", "nodenext"], ["esnext", "bundler"]] as const) {
    const how = ["--module", module, "--moduleResolution", resolution];
    const compiled = await run(folder, "node", compiler, ...settings, ...how, "typed.mts");
    assertEquals([compiled.code, compiled.out], [0, ""]);
  }
  const checked = await run(folder, Deno.execPath(), "check", "--quiet", "typed.mts");
  assertEquals(checked.code, 0, checked.err);
}

const npm = await new Deno.Command("npm", { args: ["--version"], stdout: "null" }).output().then(
  () => true,
  () => false,
);

testUnless(LEFT_TO_ALL ?? (npm ? undefined : "no npm"), {
  name: "the package is installed with npm and nothing else, and gives its program and both of its modules",
  fn: () =>
    withInstalled(async (folder) => {
      const clearstack = (...args: string[]) => run(folder, "npx", "clearstack", ...args);
      const version = await clearstack("--version");
      assertEquals([version.code, version.out], [0, "clearstack 0.1.0\n"], version.err);
      const wrong = await clearstack("deconvolv");
      assertEquals(wrong.code, 2);
      assertStringIncludes(wrong.err, "deconvolve");
      const demo = await clearstack("demo", "--iterations", "2", "--backend", "cpu");
      assertEquals(demo.code, 0, demo.err);
      assertStringIncludes(demo.out, " npx clearstack show ");
      assertEquals((await Deno.stat(join(folder, "clearstack-demo", "slice.png"))).isFile, true);

      await Deno.writeTextFile(join(folder, "in_node.mjs"), IN_NODE);
      const node = await run(folder, "node", "in_node.mjs");
      assertEquals(node.out.split("\n")[0], "undefined 8,15,16", node.err);
      assertStringIncludes(node.out, "runs in Deno");
      await Deno.writeTextFile(join(folder, "in_deno.mjs"), IN_DENO);
      const deno = await run(folder, Deno.execPath(), "run", "-A", "in_deno.mjs");
      assertEquals(deno.out, "7 function\n", deno.err);
      await typeChecks(folder);
      await servesUntilSignal(folder);
    }),
});

/** The service answers with its page until a signal comes; the launcher passes that on, and ends as what it started. */
async function servesUntilSignal(folder: string): Promise<void> {
  const child = new Deno.Command(join(folder, "node_modules", ".bin", "clearstack"), {
    args: ["serve", "--port", "0", "--quiet"],
    cwd: folder,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  const url = new TextDecoder().decode(value).trim();
  const page = await fetch(url, { headers: { accept: "text/html" } });
  assertStringIncludes(await page.text(), "<html");
  child.kill("SIGTERM");
  const { code, signal, stderr } = await child.output();
  assertEquals([code, signal], [0, null], new TextDecoder().decode(stderr));
}
