/** What outputs say of themselves, in every form that may be asked for. */
import { assertEquals } from "@std/assert";
import { encodeJson } from "shared/image/zarr/json.ts";
import { readDocument } from "shared/image/zarr/zarr_node.ts";
import { memoryUrl } from "../fixtures/memory_url.ts";
import { brokenInvariants } from "../fixtures/ome/ngff_invariants.ts";
import { writeOmeOutputs } from "../fixtures/ome/ome_outputs.ts";
import { openStore } from "../stores.ts";

// deno-lint-ignore no-explicit-any -- whatever metadata a test spoils
type Spoil = (document: any) => void;

/** A document of an output of axes czyx in OME-Zarr 0.5, what is spoilt in it, and what is to be found. */
const SPOILT: readonly (readonly [key: string, spoil: Spoil, found: string])[] = [
  [
    "zarr.json",
    ({ attributes: { ome } }) => ome.multiscales[0].axes.reverse(),
    "ome.multiscales.0.axes: not in the order tczyx",
  ],
  [
    "zarr.json",
    ({ attributes: { ome } }) => ome.multiscales[0].axes[1].unit = "um",
    "ome.multiscales.0.axes.1.unit: no length's full name",
  ],
  [
    "zarr.json",
    ({ attributes: { ome } }) => ome.multiscales[0].datasets[1].coordinateTransformations.reverse(),
    'ome.multiscales.0.datasets.1.coordinateTransformations.0.type: Invalid input: expected "scale"',
  ],
  [
    "zarr.json",
    ({ attributes: { ome } }) => ome.multiscales[0].datasets[1].coordinateTransformations.pop(),
    "level 1 lies at 0 along y, its voxels' means at 0.05",
  ],
  [
    "zarr.json",
    ({ attributes: { ome } }) => ome.multiscales[0].datasets[1].coordinateTransformations[0].scale[3] = 0.3,
    "level 1 has 133 voxels along x, its scale asks for 89",
  ],
  [
    "zarr.json",
    ({ attributes: { ome } }) => delete ome.multiscales[0].metadata,
    "ome.multiscales.0.metadata: Invalid input: expected object, received undefined",
  ],
  [
    "zarr.json",
    ({ attributes: { ome } }) => ome.multiscales[0].datasets[0].coordinateTransformations[0].scale.push(1),
    "ome.multiscales.0: transformations of other dimensions than the axes",
  ],
  [
    "zarr.json",
    ({ attributes: { ome } }) => delete ome.omero,
    "ome.omero: Invalid input: expected object, received undefined",
  ],
  ["zarr.json", ({ attributes: { ome } }) => ome.omero.rdefs.defaultZ = 5, "viewers start at plane 5 of 5"],
  [
    "0/zarr.json",
    (array) => array.chunk_key_encoding.configuration.separator = ".",
    "level 0 has . between the indices of its chunks, not a slash",
  ],
  ["zarr.json", ({ attributes: { ome } }) => ome.omero.channels.pop(), "1 channels in omero, 2 in the array"],
  [
    "zarr.json",
    ({ attributes: { ome } }) => ome.omero.channels[0].color = "#0000FF",
    "ome.omero.channels.0.color: no color",
  ],
  [
    "zarr.json",
    ({ attributes: { ome } }) => ome.omero.channels[1].window = { min: 0, max: 9, start: 5, end: 5 },
    "ome.omero.channels.1.window: shown from no less to more",
  ],
  ["1/zarr.json", (array) => array.data_type = "uint16", "level 1 is of uint16, the one before of float32"],
  [
    "1/zarr.json",
    (array) => array.shape = [2, 5, 9, 265],
    "level 1 of 2,5,9,265 is no smaller than the one before of 2,5,9,265",
  ],
  [
    "1/zarr.json",
    (array) => array.dimension_names = ["z", "y", "x", "c"],
    `the array of level 1 names its axes ["z","y","x","c"]`,
  ],
  [".zgroup", (group) => group.zarr_format = 2, "Zarr v2 and v3 in one folder"],
];

Deno.test("outputs of both versions, in shards and not, of 3 to 5 axes, keep the rules of axes, levels and channels", async () => {
  const url = memoryUrl();
  for (const name of (await writeOmeOutputs(url)).keys()) {
    assertEquals(await brokenInvariants(`${url}/out/${name}.zarr`), [], name);
  }

  // The rules would be worth nothing if they could not be broken.
  const output = `${url}/out/czyx-0.5.zarr`;
  const store = openStore(output);
  for (const [key, spoil, found] of SPOILT) {
    const right = await readDocument(store, key);
    const document = structuredClone(right?.document ?? {});
    spoil(document);
    await store.put(key, encodeJson(document));
    const broken = await brokenInvariants(output);
    assertEquals(broken.includes(found), true, `${found}: ${broken.join("; ")}`);
    if (right === undefined) await store.delete(key);
    else await store.put(key, right.bytes);
  }
  assertEquals(await brokenInvariants(output), []);
  await openStore(url).deleteAll("");
});
