/** The npm package, packed and installed into an empty folder as a user would. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { writePackage } from "../../../infra/package/write_package.ts";
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
      assertEquals((await Deno.stat(join(folder, "clearstack-demo", "slice.png"))).isFile, true);

      await Deno.writeTextFile(join(folder, "in_node.mjs"), IN_NODE);
      const node = await run(folder, "node", "in_node.mjs");
      assertEquals(node.out.split("\n")[0], "undefined 8,15,16", node.err);
      assertStringIncludes(node.out, "runs in Deno");
      await Deno.writeTextFile(join(folder, "in_deno.mjs"), IN_DENO);
      const deno = await run(folder, Deno.execPath(), "run", "-A", "in_deno.mjs");
      assertEquals(deno.out, "7 function\n", deno.err);
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
