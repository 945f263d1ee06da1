/** Outputs of jobs as ome-zarr.js shows them, the viewer that draws thumbnails for the validator of OME-Zarr's authors. */
import { assert, assertEquals } from "@std/assert";
import { NgffImage } from "ome-zarr.js";
import { memoryUrl } from "../fixtures/memory_url.ts";
import { OME_COLORS, type OmeSource, writeOmeOutputs } from "../fixtures/ome/ome_outputs.ts";
import { patternedVoxels } from "../functions/sample_image.ts";
import { openStore } from "../stores.ts";

type Picture = Awaited<ReturnType<NgffImage["renderRgba"]>>;

Deno.test("ome-zarr.js shows outputs of both versions, in shards and not, of 3 to 5 axes: the middle plane of each channel in its color", async () => {
  const url = memoryUrl();
  for (const [name, source] of await writeOmeOutputs(url)) {
    const image = await openInViewer(`${url}/out/${name}.zarr`);
    assertEquals(image.getVersion(), name.includes("0.4") ? "0.4" : "0.5", name);
    const { channels, rdefs } = image.omero!;
    assertEquals(channels.map(({ label }) => label), [...source.channels], name);
    assertEquals(rdefs.defaultZ, 2, name);

    const { data, width, height } = await image.renderRgba({ arrayPathOrIndex: 0 });
    assertEquals([height, width], source.shape.slice(-2), name);
    assertShows(data, source, channels.map(({ window }) => [window.start!, window.end!]));

    const coarser = await image.renderRgba({ targetSize: 100 });
    assertEquals([coarser.height, coarser.width], source.shape.slice(-2).map((side) => Math.ceil(side / 2)), name);
  }
  await openStore(url).deleteAll("");
});

/** The viewer asks for keys with a leading slash. */
async function openInViewer(url: string): Promise<NgffImage> {
  const store = openStore(url);
  return await NgffImage.load({
    get: (key) => store.get(key.slice(1)),
    getRange: (key, range) => store.getRange(key.slice(1), range),
  });
}

/** The PSF is a single voxel, so that outputs are their sources; the brighter channel wins in each part of a color. */
function assertShows(shown: Picture["data"], { shape }: OmeSource, windows: readonly [number, number][]): void {
  const voxels = patternedVoxels(shape);
  const [depth, ...sides] = shape.slice(-3);
  const pixels = sides[0]! * sides[1]!;
  const voxelAt = (channel: number, pixel: number) =>
    voxels[(channel * depth! + Math.floor(depth! / 2)) * pixels + pixel]!;
  let between = 0;
  for (let pixel = 0; pixel < pixels; pixel++) {
    const greys = windows.map(([start, end], channel) =>
      255 * Math.min(1, Math.max(0, (voxelAt(channel, pixel) - start) / (end - start)))
    );
    for (const part of [0, 1, 2]) {
      const has = (channel: number) => OME_COLORS[channel]!.slice(2 * part, 2 * part + 2) === "FF";
      const expected = Math.max(0, ...greys.filter((_, channel) => has(channel)));
      // The viewer rounds down, by less than 1; an iteration in float32 adds some millionths of 4000, of which 3100 make 255.
      const found = shown[4 * pixel + part]!;
      assert(Math.abs(found - expected) < 1.001, `${found} for ${expected} at ${pixel}`);
    }
    if (greys[0]! > 0 && greys[0]! < 255) between++;
  }
  // Voxels are spread evenly over 0 to 4000. Were the window too wide, or half of it elsewhere, there would be little to see.
  assert(between > pixels / 2, `${between} of ${pixels} are neither black nor of full color`);
}
