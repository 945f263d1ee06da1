/** Files whose metadata hold what a terminal obeys, told by the commands that read them. */
import { assert, assertEquals } from "@std/assert";
import { writeZarr3 } from "../../fixtures/zarr3.ts";
import { writePsf } from "../sample_image.ts";
import { runCli } from "./run_cli.ts";

/** Sets the clipboard by OSC 52, in both spellings, and erases the line. */
const HOSTILE = "\x1b]52;c;ZXZpbA==\x07\x9d52;c;ZXZpbA==\x9c\r\x1b[2K";

// deno-lint-ignore no-control-regex -- what a terminal obeys
const OBEYED = /[\x00-\x09\x0b-\x1f\x7f-\x9f]/;

const folder = await Deno.makeTempDir({ prefix: "clearstack-terminal-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const shape = [2, 4, 4];
const array = { shape, chunk: shape, dtype: "uint16" as const, values: new Uint16Array(32).fill(1) };
await writeZarr3(`${folder}/named.zarr`, {
  ...array,
  metadata: {
    attributes: { omero: { channels: [{ label: HOSTILE, color: HOSTILE }] }, [HOSTILE]: HOSTILE },
    dimension_names: ["z", "y", "x"],
  },
});
await writeZarr3(`${folder}/unit.zarr`, { ...array, metadata: { data_type: `uint16${HOSTILE}` } });
await writeZarr3(`${folder}/codec.zarr`, { ...array, codecs: [{ name: HOSTILE }] });
await writeZarr3(`${folder}/axes.zarr`, { ...array, metadata: { dimension_names: [HOSTILE, "y", "x"] } });
await writePsf(`${folder}/psf.zarr`);

for (const name of ["named", "unit", "codec", "axes"]) {
  Deno.test(`what a file says reaches a terminal spelled out, from ${name}.zarr`, async () => {
    const at = `${folder}/${name}.zarr`;
    for (
      const words of [
        ["info", at],
        ["info", at, "--json"],
        ["plan", at, "--psf", `${folder}/psf.zarr`],
        ["plan", at, "--psf", `${folder}/psf.zarr`, "--json"],
        ["info", `${at}/${HOSTILE}`],
        [HOSTILE],
      ]
    ) {
      const { out, err } = await runCli(words);
      assert(out.length + err.length > 0, words.join(" "));
      assertEquals([OBEYED.test(out), OBEYED.test(err)], [false, false], words.join(" "));
    }
  });
}
