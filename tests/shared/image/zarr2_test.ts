import { assertEquals, assertRejects } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { pythonTest, runPython } from "../../fixtures/python.ts";
import { readWhole } from "../../fixtures/read_whole.ts";
import { openImage } from "../../stores.ts";

pythonTest({
  name: "every v2 array that zarr-python writes reads to the same values",
  fn: async (t) => {
    const folder = await Deno.makeTempDir();
    try {
      await runPython("make_zarr2.py", folder);
      const names: string[] = JSON.parse(await Deno.readTextFile(`${folder}/names.json`));
      for (const name of names.filter((name) => name !== "lzma")) {
        await t.step(name, async () => {
          const image = await openImage({ url: `${folder}/zarr/${name}` });
          const expected = new Float32Array((await Deno.readFile(`${folder}/expected/${name}.f32`)).buffer);
          assertEquals(await readWhole(image), expected);
        });
      }
      for (
        const [name, message] of [
          ["lzma", "codec lzma"],
          ["no_complex", "complex numbers (dtype <c8)"],
          ["no_text", "text or objects (dtype <U5)"],
          ["no_object", "text or objects (dtype |O)"],
          ["no_structure", "dtype structured"],
          ["no_date", "dtype <M8[s]"],
          ["no_packbits", "codec packbits"],
          ["no_delta_astype", "codec delta from <i4 to <i2"],
        ] as const
      ) {
        await t.step(`${name} is refused by name`, async () => {
          const error = await assertRejects(
            () => openImage({ url: `${folder}/zarr/${name}` }),
            ClearstackError,
            message,
          );
          assertEquals(error.kind, "unsupported");
        });
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
