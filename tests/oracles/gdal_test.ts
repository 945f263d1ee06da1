import { assert, assertEquals } from "@std/assert";
import { readWhole } from "../fixtures/read_whole.ts";
import { runScript, suiteTest } from "./oracle.ts";
import { openImage } from "../stores.ts";

suiteTest("forky", "what GDAL writes as Zarr v2 and v3, with any codec, is read as it was meant", async (python) => {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-gdal-" });
  try {
    const expected = Float32Array.from({ length: 20 * 30 * 41 }, (_, index) => (7 * index) % 65521);
    const names = (await runScript(python, "write_gdal.py", folder)).trim().split("\n");
    assert(names.length > 40, `${names}`);
    for (const name of names) {
      const image = await openImage({ url: `${folder}/${name}` });
      assertEquals(image.info.axes.map((axis) => axis.name), ["z", "y", "x"], name);
      assertEquals(await readWhole(image), expected, name);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
