/** What the script of docs/napari.md gives to napari. */
import { assert, assertEquals } from "@std/assert";
import { OME_COLORS, writeOmeOutputs } from "../fixtures/ome/ome_outputs.ts";
import { runScript, suiteTest } from "./oracle.ts";

suiteTest(
  "forky",
  "the script for napari gives outputs of both versions their levels, scale, units, names, colors and contrast",
  async (python) => {
    const folder = await Deno.makeTempDir({ prefix: "clearstack-napari-" });
    try {
      const outputs = await writeOmeOutputs(folder);
      const urls = [...outputs.keys()].map((name) => `${folder}/out/${name}.zarr`);
      const found = JSON.parse(await runScript(python, "napari_layers.py", ...urls));
      for (const [index, [name, source]] of [...outputs].entries()) {
        const layers = found[index];
        const kept = source.axes.flatMap((axis, at) => axis === "c" ? [] : [at]);
        assertEquals(layers.length, source.channels.length, name);
        for (const [channel, layer] of layers.entries()) {
          assertEquals(layer.name, source.channels[channel], name);
          assertEquals(layer.scale, kept.map((axis) => source.scale[axis]), name);
          assertEquals(layer.translate, kept.map(() => 0), name);
          assertEquals(layer.units, kept.map((axis) => source.units[axis]), name);
          assertEquals(layer.axis_labels, kept.map((axis) => source.axes[axis]), name);
          assertEquals(layer.colormap, ["#000000", `#${OME_COLORS[channel]}`], name);
          assertEquals([layer.multiscale, layer.shapes.length], [true, 2], name);
          assertEquals(layer.shapes[0], kept.map((axis) => source.shape[axis]), name);
          const [dark, bright] = layer.contrast_limits;
          // The source has values from 0 to 4000 and the PSF is one voxel: an iteration changes nothing.
          assert(0 <= dark && dark < bright && bright <= 4000, `${name}: ${dark} to ${bright}`);
        }
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
