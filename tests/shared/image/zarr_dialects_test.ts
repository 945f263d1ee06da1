/** Zarr as other programs write it: each test states the one right reading. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { refuseEmpty } from "shared/image/refuse_empty.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { readWhole } from "../../fixtures/read_whole.ts";
import { writeZarr3 } from "../../fixtures/zarr3.ts";
import { openImage, openStore, reopenImage } from "../../stores.ts";

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const SHAPE = [2, 4, 6];
const VALUES = Array.from({ length: 48 }, (_, index) => index + 1);

/** Puts documents and chunks into a place of their own. */
async function put(files: Readonly<Record<string, unknown>>): Promise<string> {
  const url = memoryUrl();
  for (const [key, value] of Object.entries(files)) {
    await openStore(url).put(key, value instanceof Uint8Array ? value : json(value));
  }
  return url;
}

/** A Zarr v2 array of uint16 in chunks of 1 x 4 x 6, their keys joined by `separator`. */
function v2Array(separator: string, over: Record<string, unknown> = {}): Record<string, unknown> {
  const chunk = (z: number) => new Uint8Array(Uint16Array.from(VALUES.slice(24 * z, 24 * z + 24)).buffer);
  const layout = { shape: SHAPE, chunks: [1, 4, 6], dtype: "<u2", compressor: null, filters: null, order: "C" };
  return {
    ".zarray": { zarr_format: 2, fill_value: 0, ...layout, ...over },
    [["0", "0", "0"].join(separator)]: chunk(0),
    [["1", "0", "0"].join(separator)]: chunk(1),
  };
}

Deno.test("an array that does not say how the keys of its chunks are joined is read by those that it has", async () => {
  const nested = v2Array("/");
  const { "0/0/0": _, ...withoutFirst } = nested;
  for (
    const [files, expected] of [
      [nested, VALUES],
      [v2Array("."), VALUES],
      // The first chunk may be left out where it is all fill value.
      [withoutFirst, VALUES.map((value, index) => index < 24 ? 0 : value)],
    ] as const
  ) {
    const url = await put(files);
    const image = await openImage({ url });
    assertEquals([...await readWhole(image)], expected);
    assertEquals([...await readWhole(await reopenImage(image.info))], expected);
    await refuseEmpty(image, { url }, {});
  }
});

Deno.test("an image without any stored chunk is refused unless that is asked for; one chunk is enough", async () => {
  const { "0/0/0": _, "1/0/0": __, ...bare } = v2Array("/");
  const misnamed = v2Array(".", { dimension_separator: "/" });
  const elsewhere = { ...bare, "chunks/0.0.0": new Uint8Array(48) };
  for (const files of [bare, misnamed, elsewhere]) {
    const url = await put(files);
    const image = await openImage({ url });
    const error = await assertRejects(() => refuseEmpty(image, { url }, {}), ClearstackError, "no stored chunk");
    assertEquals([error.kind, error.message.includes("--allow-empty")], ["corrupt-data", true]);
    await refuseEmpty(image, { url, allowEmpty: true }, {});
  }
  for (const inner of [undefined, [1, 2, 3]]) {
    const url = memoryUrl();
    const array = { shape: SHAPE, chunk: [1, 4, 6], dtype: "uint16", values: VALUES } as const;
    await writeZarr3(url, { ...array, ...(inner === undefined ? {} : { inner }) });
    await openStore(url).delete("c/0/0/0");
    await refuseEmpty(await openImage({ url }), { url }, {});
    await openStore(url).delete("c/1/0/0");
    await assertRejects(async () => await refuseEmpty(await openImage({ url }), { url }, {}), ClearstackError);
  }
});

Deno.test("a web server, which lists nothing, is asked for chunks one by one", async () => {
  const documents: Record<string, Uint8Array<ArrayBuffer>> = {};
  const layout = { shape: [300, 4, 6], chunks: [1, 4, 6], dtype: "<u2", compressor: null, filters: null, order: "C" };
  documents["/a/.zarray"] = json({ zarr_format: 2, fill_value: 0, dimension_separator: ".", ...layout }) as never;
  let asked = 0;
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (/\d\.\d/.test(pathname)) asked++;
    const bytes = documents[pathname];
    return bytes === undefined
      ? new Response(null, { status: 404 })
      : new Response(request.method === "HEAD" ? null : bytes);
  });
  const url = `http://127.0.0.1:${server.addr.port}/a`;
  await assertRejects(async () => await refuseEmpty(await openImage({ url }), { url }, {}), ClearstackError);
  assert(asked > 10 && asked <= 66, `${asked}`);
  documents["/a/0.0.0"] = new Uint8Array(48);
  await refuseEmpty(await openImage({ url }), { url }, {});
});

/** OME-Zarr of one level with these metadata of its image. */
async function ome(version: string, multiscale: Record<string, unknown>, more: Record<string, unknown> = {}) {
  const url = memoryUrl();
  await writeZarr3(url, { shape: SHAPE, chunk: SHAPE, dtype: "uint16", values: VALUES }, "0");
  const attributes = { ome: { version, multiscales: [{ name: "im", ...multiscale }], ...more } };
  await openStore(url).put("zarr.json", json({ zarr_format: 3, node_type: "group", attributes }));
  const { info } = await openImage({ url });
  const units = info.axes.map(({ unit }) => unit);
  return {
    scale: info.scale,
    translation: info.translation,
    units,
    codes: (info.warnings ?? []).map(({ code }) => code),
  };
}

const AXES = [..."zyx"].map((name) => ({ name, type: "space", unit: "micrometer" }));
const SYSTEMS = [{ name: "array", axes: AXES.map(({ name }) => ({ name, type: "array" })) }, {
  name: "physical",
  axes: AXES,
}];
const SCALE = { type: "scale", scale: [0.3, 0.1, 0.1] };
const SHIFT = { type: "translation", translation: [1, 2, 3] };
const UNITS = ["micrometer", "micrometer", "micrometer"];
const NONE = [undefined, undefined, undefined];

const way = (transformation: unknown) => ({
  coordinateSystems: SYSTEMS,
  datasets: [{ path: "0", coordinateTransformations: [transformation] }],
});
const ends = { input: { path: "0" }, output: { name: "physical" } };

Deno.test("coordinate systems and sequences of OME-Zarr 0.6 are read; what turns or bends is said and not taken", async () => {
  const full = { scale: [0.3, 0.1, 0.1], translation: [1, 2, 3], units: UNITS, codes: [] };
  const sequence = { type: "sequence", ...ends, transformations: [SCALE, SHIFT] };
  assertEquals(await ome("0.6", way(sequence)), full);
  assertEquals(await ome("0.6.dev3", way({ ...sequence, output: "physical" })), full);
  assertEquals(await ome("0.6", way({ ...SCALE, ...ends })), { ...full, translation: undefined });
  assertEquals(await ome("0.6", way({ ...sequence, transformations: [{ type: "identity" }, sequence] })), full);
  // x -> 0.3 (x + 1): the other order.
  const moved = await ome("0.6", way({ ...sequence, transformations: [SHIFT, { type: "scale", scale: [2, 2, 2] }] }));
  assertEquals([moved.scale, moved.translation], [[2, 2, 2], [2, 4, 6]]);
  const straight = { type: "affine", ...ends, affine: [[0.3, 0, 0, 1], [0, 0.1, 0, 2], [0, 0, 0.1, 3]] };
  assertEquals(await ome("0.6", way(straight)), full);
  // Ways to further systems are no part of the way to the first.
  const further = {
    ...way(sequence),
    coordinateTransformations: [{ type: "scale", scale: [9, 9, 9], input: "physical", output: "world" }],
  };
  assertEquals(await ome("0.6", further), full);
  const turned = { ...straight, affine: [[0.3, 0.1, 0, 1], [0, 0.1, 0, 2], [0, 0, 0.1, 3]] };
  for (
    const odd of [turned, { type: "mapAxis", mapAxis: [0, 2, 1], ...ends }, { type: "scale", path: "scales", ...ends }]
  ) {
    const unusable = { scale: [1, 1, 1], translation: undefined, units: NONE, codes: ["voxel-size-unusable"] };
    assertEquals(await ome("0.6", way(odd)), unusable);
  }
});

Deno.test("a version that is not known is said; scales that cannot be are not taken, and units alone are no size", async () => {
  const plain = (...steps: unknown[]) => ({ axes: AXES, datasets: [{ path: "0", coordinateTransformations: steps }] });
  const full = { scale: [0.3, 0.1, 0.1], translation: [1, 2, 3], units: UNITS, codes: [] };
  assertEquals(await ome("0.5", plain(SCALE, SHIFT)), full);
  assertEquals(
    (await ome("0.5", { ...plain(SCALE), coordinateTransformations: [{ type: "scale", scale: [2, 2, 2] }] })).scale,
    [0.6, 0.2, 0.2],
  );
  assertEquals(await ome("0.9", plain(SCALE, SHIFT)), { ...full, codes: ["ome-version-unknown"] });
  const nothing = { scale: [1, 1, 1], translation: undefined, units: NONE };
  for (const steps of [[{ type: "scale", scale: [0, 1, 1] }], [{ type: "rotation", rotation: [] }], []]) {
    assertEquals(await ome("0.5", plain(...steps)), { ...nothing, codes: ["voxel-size-unusable"] });
  }
  const silent = { axes: AXES.map(({ name, type }) => ({ name, type })), datasets: [{ path: "0" }] };
  assertEquals(await ome("0.5", silent), { ...nothing, codes: [] });
});

Deno.test("fewer names than channels leave the others without one", async () => {
  const url = memoryUrl();
  await writeZarr3(url, { shape: [3, 4, 6], chunk: [3, 4, 6], dtype: "uint16", values: VALUES }, "0");
  const axes = [{ name: "c", type: "channel" }, ...AXES.slice(1)];
  const multiscales = [{
    axes,
    datasets: [{ path: "0", coordinateTransformations: [{ type: "scale", scale: [1, 1, 1] }] }],
  }];
  const attributes = {
    ome: { version: "0.5", multiscales, omero: { channels: [{ label: "DAPI", color: "0000FF" }] } },
  };
  await openStore(url).put("zarr.json", json({ zarr_format: 3, node_type: "group", attributes }));
  assertEquals((await openImage({ url })).info.channels, [{ name: "DAPI", color: "0000FF" }, {}, {}]);
});

for (const consolidated of [true, false]) {
  Deno.test(`coordinates, text and numbers beside an image are no choice, ${consolidated ? "" : "not "}consolidated`, async () => {
    const array = (shape: number[], dtype: string) => ({
      zarr_format: 2,
      ...{ shape, chunks: shape, dtype, compressor: null, filters: null, order: "C", fill_value: 0 },
    });
    const documents: Record<string, unknown> = {
      ".zgroup": { zarr_format: 2 },
      ".zattrs": { coordinates: "lat" },
      "image/.zarray": array(SHAPE, "<u2"),
      "image/.zattrs": { _ARRAY_DIMENSIONS: ["z", "y", "x"], coordinates: "lon other" },
      ...Object.fromEntries(["z", "y", "x"].map((name, axis) => [`${name}/.zarray`, array([SHAPE[axis]!], "<f8")])),
      ...Object.fromEntries(["lat", "lon"].map((name) => [`${name}/.zarray`, array([4, 6], "<f8")])),
      "label/.zarray": array([2, 2], "<U8"),
      "band/.zarray": array([], "<i8"),
    };
    const files = consolidated
      ? { ...documents, ".zmetadata": { zarr_consolidated_format: 1, metadata: documents } }
      : documents;
    assertEquals((await openImage({ url: await put(files) })).info.shape, SHAPE);
    const { "image/.zarray": _, "lat/.zarray": __, "lon/.zarray": ___, ...none } = documents;
    const error = await assertRejects(async () => await openImage({ url: await put(none) }), ClearstackError);
    assert(error.message.includes("several images"), error.message);
  });
}

Deno.test("numbers that Zarr v3 stores as others are turned back, in shards too", async () => {
  const filter = {
    name: "numcodecs.fixedscaleoffset",
    configuration: { offset: 5, scale: 10, dtype: "<f4", astype: "<u2" },
  };
  const little = { name: "bytes", configuration: { endian: "little" } };
  const sharding = {
    chunk_shape: [1, 4, 6],
    codecs: [filter, { name: "numcodecs.bitround", configuration: { keepbits: 3 } }, little],
    index_codecs: [little, { name: "crc32c" }],
  };
  const expected = VALUES.map((value) => Math.fround(value / 10 + 5));
  for (
    const [inner, codecs] of [
      [undefined, [filter, little]],
      [[1, 4, 6], [{ name: "sharding_indexed", configuration: sharding }]],
    ] as const
  ) {
    const url = memoryUrl();
    const array = { shape: SHAPE, chunk: SHAPE, dtype: "uint16", values: VALUES, ...(inner ? { inner } : {}) } as const;
    await writeZarr3(url, { ...array, metadata: { data_type: "float32", codecs } });
    const image = await openImage({ url });
    assertEquals([image.info.dtype as string, [...await readWhole(image)]], ["float32", expected]);
  }
});

Deno.test("metadata that are consolidated and nowhere else are found, of the root, of a group, and of an array below it", async () => {
  const { ".zarray": array, ...chunks } = v2Array(".");
  const below = Object.fromEntries(Object.entries(chunks).map(([key, value]) => [`a/0/${key}`, value]));
  const metadata = {
    ".zgroup": { zarr_format: 2 },
    "a/.zgroup": { zarr_format: 2 },
    "a/.zattrs": {},
    "a/0/.zarray": array,
  };
  const v2 = { ".zmetadata": { zarr_consolidated_format: 1, metadata }, ...below };
  const zarr3 = memoryUrl();
  await writeZarr3(zarr3, { shape: SHAPE, chunk: SHAPE, dtype: "uint16", values: VALUES }, "a/0");
  const document = JSON.parse(new TextDecoder().decode((await openStore(zarr3).get("a/0/zarr.json"))!));
  const group = { zarr_format: 3, node_type: "group", attributes: {} };
  const v3 = {
    "zarr.json": { ...group, consolidated_metadata: { kind: "inline", metadata: { a: group, "a/0": document } } },
    "a/0/c/0/0/0": (await openStore(zarr3).get("a/0/c/0/0/0"))!,
  };
  for (const files of [v2, v3]) {
    const url = await put(files);
    for (const path of [undefined, "a", "a/0"]) {
      const image = await openImage(path === undefined ? { url } : { url, path });
      assertEquals([image.info.path, [...await readWhole(image)]], ["a/0", VALUES]);
      assertEquals([...await readWhole(await reopenImage(image.info))], VALUES);
      await refuseEmpty(image, { url }, {});
    }
    await assertRejects(() => openImage({ url, path: "b" }), ClearstackError, "no array or group b");
  }
});
