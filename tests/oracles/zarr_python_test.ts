import { assert, assertEquals, assertRejects } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { encodeTiff } from "shared/image/tiff/write_tiff.ts";
import { writeVolume } from "functions/cli/demo/sample/write_volume.ts";
import { readWhole } from "../fixtures/read_whole.ts";
import { clearstack } from "./clearstack.ts";
import { readRaw, runScript, suiteTest } from "./oracle.ts";
import { openImage, openStore } from "../stores.ts";

suiteTest(
  "trixie",
  "zarr-python reads an output with its shape, dtype, axes, scale and values",
  (python) =>
    inTemporaryFolder(async (folder) => {
      const shape = [20, 48, 40] as const;
      const values = Uint16Array.from({ length: 20 * 48 * 40 }, (_, index) => 50 + (index * 7919) % 1000);
      const source = { name: "noise", shape, voxelMicrometre: [0.2, 0.1, 0.125] as const, values };
      await writeVolume(openStore(`${folder}/in.zarr`), source);
      const psf = encodeTiff({ shape: [3, 3, 3], values: new Float32Array(27).fill(1) });
      await Deno.writeFile(`${folder}/psf.tif`, psf);
      const [input, output] = [`${folder}/in.zarr`, `${folder}/out.zarr`];
      await clearstack(
        "deconvolve",
        input,
        output,
        "--psf",
        `${folder}/psf.tif`,
        "--iterations",
        "2",
        "--backend",
        "cpu",
      );

      const found = JSON.parse(await runScript(python, "read_zarr3.py", output, `${folder}/values.raw`));
      const axes = ["z", "y", "x"].map((name) => ({ name, type: "space", unit: "micrometer" }));
      assertEquals(found.version, "0.5");
      assertEquals(found.shape, [...shape]);
      assertEquals(found.dtype, "float32");
      assertEquals(found.dimensionNames, ["z", "y", "x"]);
      assertEquals(found.axes, axes);
      assertEquals(found.scale, [0.2, 0.1, 0.125]);
      const ours = await readWhole(await openImage({ url: output }));
      assertEquals(await readRaw(`${folder}/values.raw`), ours);
    }),
);

suiteTest(
  "trixie",
  "what zarr-python writes with any codec is read as it was meant",
  (python) =>
    inTemporaryFolder(async (folder) => {
      const expected = Float32Array.from({ length: 20 * 30 * 41 }, (_, index) => (7 * index) % 65521);
      const names = (await runScript(python, "write_zarr3.py", folder)).trim().split("\n");
      for (const name of names) {
        const image = await openImage({ url: `${folder}/${name}` });
        assertEquals(await readWhole(image), expected, name);
      }
    }),
);

for (const [release, suite] of [["3.0", "trixie"], ["3.4", "forky"]] as const) {
  suiteTest(
    suite,
    `every type, byte order, fill value and layout that zarr-python ${release} writes is read right, or refused by name`,
    (python) =>
      inTemporaryFolder(async (folder) => {
        const { readable, refused }: { readable: string[]; refused: string[] } = JSON.parse(
          await runScript(python, "write_zarr3_kinds.py", folder),
        );
        assert(readable.length > 70 && refused.length > 6, `${readable.length} readable, ${refused.length} refused`);
        for (const name of readable) {
          const image = await openImage({ url: `${folder}/${name}` });
          assertEquals(await readWhole(image), await readRaw(`${folder}/${name}.f32`), name);
        }
        for (const name of refused) {
          const error = await assertRejects(() => openImage({ url: `${folder}/${name}` }), ClearstackError, name, name);
          assertEquals(error.kind, "unsupported", `${name}: ${error.message}`);
        }
      }),
  );
}

async function inTemporaryFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-oracle-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
