import { assert, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { bundleBenchmark } from "../../../infra/bench/gpu/bundle.ts";
import { slowWebgpuTest } from "../../require.ts";

slowWebgpuTest("the bundled GPU benchmark checks, times and reports on a machine without the checkout", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await bundleBenchmark(folder);
    const sizes = ["--sizes", "16,18,20", "--iterations", "4", "--repeats", "1", "--copy", "1"];
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-config",
        "--cached-only",
        "bench.js",
        ...sizes,
        "--no-cuts",
        "--no-peers",
        "--out",
        "section.md",
      ],
      cwd: folder,
    }).output();
    assert(code === 0, new TextDecoder().decode(stderr));
    const section = new TextDecoder().decode(stdout);
    assertStringIncludes(section, await Deno.readTextFile(join(folder, "section.md")));
    assertStringIncludes(section, "### 16 x 18 x 20");
    assertStringIncludes(section, "| uint16, real float16 OTF |");
    assert(!section.includes("broken") && !section.includes("NaN"), section);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
