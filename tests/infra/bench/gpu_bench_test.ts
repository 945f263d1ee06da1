import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { bundleBenchmark } from "../../../infra/bench/gpu/bundle.ts";
import { slowWebgpuTest } from "../../require.ts";

/** Sizes that a software adapter is through with in seconds. */
const SMALL = ["--iterations", "4", "--repeats", "1", "--copy", "1", "--no-cuts"];

async function withBundle(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-bench-test-" });
  try {
    await bundleBenchmark(folder);
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The call in a folder that holds the bundle and nothing of the checkout. */
function call(folder: string, args: readonly string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-config", "--cached-only", "bench.js", ...args],
    cwd: folder,
    stdout: "piped",
    stderr: "piped",
  });
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

slowWebgpuTest(
  "the bundled GPU benchmark checks, times and reports on a machine without the checkout",
  () =>
    withBundle(async (folder) => {
      const sizes = ["--sizes", "16,18,20;7,11,13", "--out", "section.md"];
      const { code, stdout, stderr } = await call(folder, [...sizes, ...SMALL, "--software"]).output();
      const section = text(stdout);
      // A box that cannot be is told, and takes nothing from the others.
      assertEquals(code, 1, text(stderr));
      assertStringIncludes(section, await Deno.readTextFile(join(folder, "section.md")));
      assertStringIncludes(section, "### 16 x 18 x 20, core");
      assertStringIncludes(section, "### 7 x 11 x 13\n\n**Nothing was measured**");
      assertStringIncludes(section, "| uint16, real float16 OTF |");
      assertStringIncludes(section, "The first tile of a process, 16 x 18 x 20");
      assertStringIncludes(section, "tunings give the same bytes");
      // Python is there, CuPy is not: both variants are timed with NumPy, or it is said why they are not.
      assert(section.includes("tuned by hand") || section.includes("Not compared with others"), section);
      for (const word of ["broken", "NaN", "differ in their bytes", "too much", "Unfinished"]) {
        assert(!section.includes(word), section);
      }
    }),
);

slowWebgpuTest(
  "a GPU benchmark that is killed between boxes leaves what it found of the boxes before",
  () =>
    withBundle(async (folder) => {
      const out = join(folder, "section.md");
      const sizes = ["--sizes", "16,18,20;48,48,48;64,64,64", "--out", out];
      const process = call(folder, [...sizes, ...SMALL, "--no-peers", "--software"]).spawn();
      const written = async () => (await Deno.readTextFile(out).catch(() => "")).includes("### 16 x 18 x 20, core");
      while (!await written()) await new Promise((resolve) => setTimeout(resolve, 20));
      process.kill("SIGKILL");
      assertEquals((await process.output()).signal, "SIGKILL");
      const section = await Deno.readTextFile(out);
      assertStringIncludes(section, "**Unfinished");
      assertStringIncludes(section, "### 16 x 18 x 20, core");
      assertStringIncludes(section, "| uint16, real float16 OTF |");
      assert(!section.includes("64 x 64 x 64"), section);
    }),
);

slowWebgpuTest(
  "the GPU benchmark refuses a software adapter, and runs the whole job in a call of its own",
  () =>
    withBundle(async (folder) => {
      const refused = await call(folder, ["--out", "section.md"]).output();
      assertEquals(refused.code, 2);
      assertStringIncludes(text(refused.stderr), "is a software adapter");
      const shapes = ["--job-shape", "8,48,48", "--job-tile", "8,24,24", "--job-psf", "3,5,5", "--job-iterations", "2"];
      const job = ["--job", "--cli", join(folder, "cli.js"), "--out", "job.md", "--software", ...shapes];
      const { code, stderr } = await call(folder, job).output();
      assertEquals(code, 0, text(stderr));
      assertStringIncludes(await Deno.readTextFile(join(folder, "job.md")), "8 x 48 x 48 uint16 from Zarr to Zarr");
    }),
);
