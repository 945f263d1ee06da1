/** Outputs of jobs, opened by programs that share no code with this one. */
import { assert, assertEquals } from "@std/assert";
import { multiscalesOf } from "shared/image/ome/ome_multiscales.ts";
import { writeOmeOutputs } from "../fixtures/ome/ome_outputs.ts";
import { readVolumes } from "../fixtures/read_whole.ts";
import { runScript, suiteTest } from "./oracle.ts";
import { openImage } from "../stores.ts";

type Digest = [dtype: string, shape: number[], sha256: string];

interface Arrays {
  readonly levels: readonly Digest[];
  readonly axes: readonly (readonly string[] | null)[];
}

interface Found {
  readonly attributes: Readonly<Record<"zarr" | "gdal", Record<string, unknown>>>;
  readonly arrays: Readonly<Record<"zarr" | "gdal", Arrays>>;
  readonly napari: readonly Digest[];
}

interface Multiscale {
  readonly axes: readonly { readonly name: string; readonly unit?: string }[];
  readonly datasets: readonly {
    readonly path: string;
    readonly coordinateTransformations: readonly { readonly type: string; readonly scale: readonly number[] }[];
  }[];
}

suiteTest(
  "forky",
  "zarr-python, GDAL and napari read outputs of both versions, in shards and not, of 3 to 5 axes, to the same values, " +
    "scale, units and channel names",
  async (python) => {
    const folder = await Deno.makeTempDir({ prefix: "clearstack-outputs-" });
    try {
      const outputs = await writeOmeOutputs(folder);
      const found: Record<string, Found> = JSON.parse(
        await runScript(python, "read_images.py", `${folder}/out`),
      );
      assertEquals(Object.keys(found).sort(), [...outputs.keys()].sort());
      for (const [name, source] of outputs) {
        const { attributes, arrays, napari } = found[name]!;
        const levels = await levelsOf(`${folder}/out/${name}.zarr`);
        assertEquals(levels[0]![1], [...source.shape], name);
        assert(levels.length > 1, name);
        assertEquals(arrays.zarr.levels, levels, name);
        assertEquals(arrays.gdal.levels, levels, name);
        assertEquals(napari, levels, name);

        // GDAL gives axes of coarser levels names of its own, since they share theirs with longer ones.
        assertEquals(arrays.gdal.axes[0], source.axes, name);
        // Zarr v2 has no names of axes; GDAL takes them from an attribute.
        if (!name.endsWith("0.4")) assertEquals(arrays.zarr.axes, levels.map(() => source.axes), name);

        for (const said of [attributes.zarr, attributes.gdal]) {
          const multiscale = multiscalesOf(said)[0] as Multiscale;
          assertEquals(multiscale.axes.map((axis) => axis.name), source.axes, name);
          assertEquals(multiscale.axes.map((axis) => axis.unit), source.units, name);
          assertEquals(multiscale.datasets[0]!.coordinateTransformations, [{ type: "scale", scale: source.scale }]);
          const { channels } = said.omero as { channels: { label: string }[] };
          assertEquals(channels.map((channel) => channel.label), source.channels, name);
        }
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

/** What our own reader finds at each level. */
async function levelsOf(url: string): Promise<Digest[]> {
  const levels: Digest[] = [];
  for (let level = 0;; level++) {
    const image = await openImage({ url, path: `${level}` }).catch(() => undefined);
    if (image === undefined) return levels;
    const values = await readVolumes(image);
    const hash = await crypto.subtle.digest("SHA-256", new Float32Array(values));
    levels.push([image.info.dtype, [...image.info.shape], new Uint8Array(hash).toHex()]);
  }
}
