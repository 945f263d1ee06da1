import { assertEquals, assertRejects } from "@std/assert";
import type { Location } from "shared/contract/location.ts";
import { ClearstackError } from "shared/errors.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { readWhole } from "../../fixtures/read_whole.ts";
import { indices, writeZarr3, zarr3Metadata } from "../../fixtures/zarr3.ts";
import { openImage, openStore, reopenImage } from "../../stores.ts";

async function putJson(url: string, key: string, value: unknown): Promise<void> {
  await openStore(url).put(key, new TextEncoder().encode(JSON.stringify(value)));
}

/** A v3 array of this shape that holds 0, 1, 2, ..., at `path`. */
async function putArray(
  url: string,
  path: string,
  shape: number[],
  metadata: Record<string, unknown> = {},
): Promise<void> {
  const values = indices(shape).map((_, index) => index);
  await writeZarr3(url, { shape, chunk: shape, dtype: "uint16", values, metadata }, path);
}

const group = (attributes: Record<string, unknown> = {}, more: Record<string, unknown> = {}) => ({
  zarr_format: 3,
  node_type: "group",
  attributes,
  ...more,
});

const axesOf = (names: string, unit?: string) =>
  [...names].map((name) => ({
    name,
    type: name === "t" ? "time" : name === "c" ? "channel" : "space",
    ...(unit && "zyx".includes(name) ? { unit } : {}),
  }));

async function refused(location: Location, kind: ClearstackError["kind"], message: string): Promise<void> {
  const error = await assertRejects(() => openImage(location), ClearstackError, message);
  assertEquals([error.kind, error.message.includes("\n")], [kind, false]);
}

Deno.test("rank 2 is yx and rank 3 is zyx; more axes must be named", async () => {
  for (const [shape, axes] of [[[4, 5], "yx"], [[3, 4, 5], "zyx"]] as const) {
    const url = memoryUrl();
    await putArray(url, "", [...shape]);
    assertEquals((await openImage({ url })).info.axes.map((axis) => axis.name).join(""), axes);
  }
  const url = memoryUrl();
  await putArray(url, "", [2, 3, 4, 5]);
  await refused({ url }, "invalid-request", "--axes czyx");
  assertEquals((await openImage({ url, axes: "tzyx" })).info.axes.map((axis) => axis.name), ["t", "z", "y", "x"]);
  await refused({ url, axes: "zyx" }, "invalid-request", "names 3 axes");
});

Deno.test("rank 1 and rank 6 are not images", async () => {
  for (const shape of [[5], [1, 1, 1, 1, 2, 2]]) {
    const url = memoryUrl();
    await putArray(url, "", shape);
    await refused({ url }, "unsupported", "images have 2 to 5");
  }
});

Deno.test("dimension names are used where they are t, c, z, y, x, and ignored where they say nothing", async () => {
  const named = memoryUrl();
  await putArray(named, "", [2, 3, 4, 5], { dimension_names: ["c", "z", "y", "x"] });
  assertEquals((await openImage({ url: named })).info.axes.map((axis) => axis.type), [
    "channel",
    "space",
    "space",
    "space",
  ]);
  await refused({ url: named, axes: "tzyx" }, "invalid-request", "states the axes czyx");
  const silent = memoryUrl();
  await putArray(silent, "", [3, 4, 5], { dimension_names: ["dim_0", null, "x"] });
  assertEquals((await openImage({ url: silent })).info.axes.length, 3);
  const reversed = memoryUrl();
  await putArray(reversed, "", [3, 4, 5], { dimension_names: ["x", "y", "z"] });
  await refused({ url: reversed }, "unsupported", "in that order");
});

const multiscales = (version: string, axes: unknown) => [{
  ...(version === "0.4" ? { version } : {}),
  name: "cells",
  axes,
  datasets: [
    {
      path: "s0",
      coordinateTransformations: [
        { type: "scale", scale: [1, 0.5, 0.2, 0.2] },
        { type: "translation", translation: [0, 10, 20, 30] },
      ],
    },
    { path: "s1", coordinateTransformations: [{ type: "scale", scale: [1, 0.5, 0.4, 0.4] }] },
  ],
  coordinateTransformations: [{ type: "scale", scale: [2, 2, 2, 2] }],
}];

for (const version of ["0.5", "0.4"]) {
  Deno.test(`a level of an OME-Zarr ${version} is found, 0 where none is named, with axes, units, scale and name`, async () => {
    const url = memoryUrl();
    const described = multiscales(version, axesOf("czyx", "um"));
    await putJson(
      url,
      "zarr.json",
      group(version === "0.5" ? { ome: { version, multiscales: described } } : { multiscales: described }),
    );
    await putArray(url, "s0", [2, 3, 4, 5]);
    await putArray(url, "s1", [2, 3, 2, 2]);
    for (const path of [undefined, "s0", "/s0/"]) {
      const { info } = await openImage(path === undefined ? { url } : { url, path });
      assertEquals(info.path, "s0");
      assertEquals(info.axes.map((axis) => axis.unit), [undefined, "micrometer", "micrometer", "micrometer"]);
      assertEquals(info.scale, [2, 1, 0.4, 0.4]);
      assertEquals(info.translation, [0, 20, 40, 60]);
      assertEquals(info.name, "cells");
    }
    const { info } = await openImage({ url, path: "s1" });
    assertEquals([info.path, info.scale, info.translation], ["s1", [2, 1, 0.8, 0.8], undefined]);
    assertEquals(info.axes[0]!.name, "c");
  });
}

Deno.test("an OME-Zarr of v2 arrays is read from its separate attribute files", async () => {
  const url = memoryUrl();
  await putJson(url, ".zgroup", { zarr_format: 2 });
  await putJson(url, ".zattrs", {
    multiscales: [{ version: "0.3", axes: ["z", "y", "x"], datasets: [{ path: "0" }] }],
  });
  const array = {
    zarr_format: 2,
    shape: [2, 2, 2],
    chunks: [2, 2, 2],
    dtype: "|u1",
    compressor: null,
    filters: null,
    order: "C",
  };
  await putJson(url, "0/.zarray", { ...array, fill_value: 0, dimension_separator: "/" });
  await openStore(url).put("0/0/0/0", Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]));
  const image = await openImage({ url });
  assertEquals([image.info.format, image.info.dtype, image.info.scale], ["zarr2", "uint8", [1, 1, 1]]);
  assertEquals([...await readWhole(image)], [1, 2, 3, 4, 5, 6, 7, 8]);
});

Deno.test("OME metadata that contradict the array are refused", async () => {
  const wrong: [Record<string, unknown>, ClearstackError["kind"], string][] = [
    [{ axes: axesOf("xyz"), datasets: [{ path: "0" }] }, "unsupported", "in that order"],
    [{ axes: axesOf("czyx"), datasets: [{ path: "0" }] }, "unsupported", "for 3 dimensions"],
    [{ axes: axesOf("zyx"), datasets: [] }, "corrupt-data", "datasets"],
    [{ axes: axesOf("zyx"), datasets: [{ path: "gone" }] }, "not-found", "gone"],
    [
      { axes: axesOf("zyx"), datasets: [{ path: "0", coordinateTransformations: [{ type: "scale", scale: [1, 1] }] }] },
      "corrupt-data",
      "scale 2",
    ],
  ];
  for (const [multiscale, kind, message] of wrong) {
    const url = memoryUrl();
    await putJson(url, "zarr.json", group({ ome: { version: "0.5", multiscales: [multiscale] } }));
    await putArray(url, "0", [2, 3, 4]);
    await refused({ url }, kind, message);
  }
});

Deno.test("a group of one array is that array; of several, they are listed", async () => {
  const url = memoryUrl();
  await putJson(url, "zarr.json", group());
  await refused({ url }, "not-found", "a group without an array");
  await putJson(url, "deep/zarr.json", group());
  await putArray(url, "deep/image", [2, 3, 4]);
  assertEquals((await openImage({ url })).info.path, "deep/image");
  await putArray(url, "mask", [2, 3, 4]);
  await refused({ url }, "invalid-request", "(deep/image, mask); choose one with --path");
  assertEquals((await openImage({ url, path: "mask" })).info.path, "mask");
  assertEquals((await openImage({ url, path: "deep" })).info.path, "deep/image");
  await refused({ url, path: "nothing" }, "not-found", "has no array or group nothing");
});

Deno.test("arrays that consolidated metadata list are found without a listing", async () => {
  const url = memoryUrl();
  const document = zarr3Metadata({ shape: [2, 2], chunk: [2, 2], dtype: "uint16", values: [] });
  const metadata = { a: document, b: document, g: group() };
  await putJson(url, "zarr.json", group({}, { consolidated_metadata: { kind: "inline", metadata } }));
  await refused({ url }, "invalid-request", "(a, b)");
  const old = memoryUrl();
  await putJson(old, ".zgroup", { zarr_format: 2 });
  await putJson(old, ".zmetadata", { metadata: { ".zgroup": {}, "p/.zarray": {}, "q/.zarray": {} } });
  await refused({ url: old }, "invalid-request", "(p, q)");
});

Deno.test("what is missing, no Zarr, or broken JSON is told apart", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await refused({ url: `${folder}/nothing.zarr` }, "not-found", "does not exist");
    await refused({ url: `${folder}/nothing.tif` }, "not-found", "does not exist");
    await Deno.writeTextFile(`${folder}/notes.txt`, "some text that is no image at all");
    await refused({ url: `${folder}/notes.txt` }, "unsupported", "neither a Zarr");
    await refused({ url: folder }, "unsupported", "neither a Zarr");
    await Deno.mkdir(`${folder}/broken.zarr`);
    await Deno.writeTextFile(`${folder}/broken.zarr/zarr.json`, "{");
    await refused({ url: `${folder}/broken.zarr` }, "corrupt-data", "not valid JSON");
    await Deno.writeTextFile(`${folder}/broken.zarr/zarr.json`, "[]");
    await refused({ url: `${folder}/broken.zarr` }, "corrupt-data", "neither a Zarr v3 array nor a group");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a server that answers 403 for what is not there still serves what is", async () => {
  const array = {
    zarr_format: 2,
    shape: [2, 2],
    chunks: [2, 2],
    dtype: "|u1",
    compressor: null,
    filters: null,
    order: "C",
  };
  const stored: Record<string, BodyInit> = {
    "/v2.zarr/.zarray": JSON.stringify({ ...array, fill_value: 0 }),
    "/v2.zarr/0.0": Uint8Array.from([1, 2, 3, 4]),
  };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const body = stored[new URL(request.url).pathname];
    return body === undefined ? new Response(null, { status: 403 }) : new Response(body);
  });
  try {
    const root = `http://127.0.0.1:${server.addr.port}`;
    assertEquals([...await readWhole(await openImage({ url: `${root}/v2.zarr` }))], [1, 2, 3, 4]);
    await refused({ url: `${root}/other.zarr` }, "forbidden", "other.zarr/zarr.json: the server answered 403");
  } finally {
    await server.shutdown();
  }
});

Deno.test("a path that climbs out of the store is refused", async () => {
  const url = memoryUrl();
  await putArray(url, "", [2, 2]);
  await refused({ url, path: "../other" }, "invalid-request", "not a usable path");
});

Deno.test("reopening gives the same image, and notices that the source changed", async () => {
  const url = memoryUrl();
  await putArray(url, "", [2, 3, 4]);
  const image = await openImage({ url, axes: "zyx" });
  const again = await reopenImage(JSON.parse(JSON.stringify(image.info)));
  assertEquals(again.info, image.info);
  assertEquals(await readWhole(again), await readWhole(image));
  await putArray(url, "", [2, 3, 4], { fill_value: 1 });
  const error = await assertRejects(() => reopenImage(image.info), ClearstackError, "changed since");
  assertEquals(error.kind, "conflict");
  await openStore(url).deleteAll("");
  assertEquals((await assertRejects(() => reopenImage(image.info), ClearstackError)).kind, "not-found");
});

Deno.test("an image served over HTTP reads the same as from its folder", async () => {
  const folder = await Deno.makeTempDir();
  await putArray(folder, "", [3, 4, 5]);
  const requests: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    requests.push(request.url);
    const path = new URL(request.url).pathname.replace(/^\/img\.zarr/, folder);
    const body = await Deno.readFile(path).catch(() => undefined);
    return body === undefined ? new Response(null, { status: 404 }) : new Response(body);
  });
  try {
    const url = `http://127.0.0.1:${server.addr.port}/img.zarr?sig=1`;
    assertEquals(await readWhole(await openImage({ url })), await readWhole(await openImage({ url: folder })));
    assertEquals(requests.every((request) => request.endsWith("?sig=1")), true);
    await refused(
      { url: `http://127.0.0.1:${server.addr.port}/other.zarr?sig=1` },
      "not-found",
      "/other.zarr does not",
    );
  } finally {
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
});
