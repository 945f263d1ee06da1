/** Outputs in every form, read by zarr-python 2 and 3, and by GDAL. */
import { assertEquals } from "@std/assert";
import type { StoredArray } from "shared/contract/stored_array.ts";
import { mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { encodeJson } from "shared/image/zarr/json.ts";
import { rootDocuments } from "shared/image/zarr/zarr_documents.ts";
import { indices } from "../fixtures/zarr3.ts";
import { pythonTest } from "../fixtures/python.ts";
import { readRaw, runOracle, runScript, suiteTest } from "./oracle.ts";
import { createArray, openStore, writeBlock } from "../stores.ts";

type Form = Omit<StoredArray, "url" | "array" | "dtype">;

/** None fills its last chunk or shard. */
const V2: Record<string, Form> = {
  plane: { version: "0.4", axes: ["y", "x"], shape: [30, 41], chunk: [1, 8, 16] },
  volume: { version: "0.4", axes: ["z", "y", "x"], shape: [10, 30, 41], chunk: [4, 8, 16] },
  series: { version: "0.4", axes: ["t", "c", "z", "y", "x"], shape: [2, 3, 5, 10, 11], chunk: [2, 8, 8] },
};
const V3: Record<string, Form> = {
  "plane-v3": { ...V2.plane!, version: "0.5" },
  "series-v3": { ...V2.series!, version: "0.5" },
  "plane-shards": { ...V2.plane!, version: "0.5", shard: [1, 16, 32] },
  "volume-shards": { ...V2.volume!, version: "0.5", shard: [8, 16, 48] },
  "volume-one-shard": { ...V2.volume!, version: "0.5", shard: [12, 32, 48] },
  "series-shards": { ...V2.series!, version: "0.5", shard: [4, 16, 8] },
};

const valuesOf = (count: number) => Float32Array.from({ length: count }, (_, index) => index < 200 ? 0 : index / 7);

/** Writes a group with one array, whole volumes at a time. */
async function write(url: string, form: Form): Promise<Float32Array> {
  const array: StoredArray = { ...form, url, array: "0", dtype: "float32" };
  await createArray(array);
  const spatial = form.axes.includes("z") ? 3 : 2;
  const extent = [1, ...form.shape].slice(-3) as unknown as Vec3;
  const core = {
    start: [0, 0, 0] as const,
    shape: spatial === 3 ? extent : mapAxes((axis) => axis === 0 ? 1 : extent[axis]),
  };
  const all = valuesOf(form.shape.reduce((product, side) => product * side, 1));
  const volume = voxelCount(core.shape);
  for (const [index, outer] of indices(form.shape.slice(0, -spatial)).entries()) {
    await writeBlock(array, { outer, core, values: all.subarray(index * volume, (index + 1) * volume) });
  }
  const store = openStore(url);
  for (const [key, document] of rootDocuments(form.version, { made: url }, [array])) {
    await store.put(key, encodeJson(document));
  }
  return all;
}

/** What a reader is to find of an array. */
type Facts = (form: Form, folder: string) => Record<string, unknown>;

function alongAxes({ axes }: Form, sides: Vec3): number[] {
  return [...axes.slice(0, -3).map(() => 1), ...sides.slice(-Math.min(3, axes.length))];
}

const found: Facts = (form) => ({ shape: form.shape, chunks: alongAxes(form, form.chunk), dtype: "float32" });

const foundByZarrPython: Facts = (form, url) => ({
  ...found(form, url),
  shards: form.shard ? alongAxes(form, form.shard) : null,
  arrays: ["0"],
  attributes: { made: url },
});

const foundByGdal: Facts = (form, url) => ({ ...found(form, url), axes: form.axes });

async function compare(forms: Record<string, Form>, facts: Facts, read: (folder: string) => Promise<string>) {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-forms-" });
  try {
    const written: Record<string, Float32Array> = {};
    for (const [name, form] of Object.entries(forms)) written[name] = await write(`${folder}/${name}`, form);
    const answer = JSON.parse(await read(folder));
    for (const [name, form] of Object.entries(forms)) {
      assertEquals(answer[name], facts(form, `${folder}/${name}`), name);
      assertEquals(await readRaw(`${folder}/${name}.raw`), written[name], name);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

pythonTest({
  name: "zarr-python 2 reads what is written as OME-Zarr 0.4, by its consolidated metadata too",
  fn: () => compare(V2, foundByZarrPython, (folder) => runOracle("read_arrays.py", folder)),
}, ["zarr", "numcodecs"]);

suiteTest(
  "trixie",
  "zarr-python 3 reads what is written as OME-Zarr 0.4 and 0.5, in shards and not",
  (python) => compare({ ...V2, ...V3 }, foundByZarrPython, (folder) => runScript(python, "read_arrays.py", folder)),
);

suiteTest(
  "forky",
  "GDAL reads what is written as OME-Zarr 0.4 and 0.5, in shards and not",
  (python) => compare({ ...V2, ...V3 }, foundByGdal, (folder) => runScript(python, "read_gdal.py", folder)),
);
