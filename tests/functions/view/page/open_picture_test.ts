import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import type { ReadableStore } from "shared/storage/store.ts";
import { explainError } from "functions/view/page/data/explain_error.ts";
import { openPicture } from "functions/view/page/data/open_picture.ts";
import { edgeOf, planeRect, voxelAt } from "functions/view/page/data/picture.ts";

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** A store of a few documents. */
function storeOf(documents: Readonly<Record<string, unknown>>) {
  return (url: string): ReadableStore => ({
    url,
    place: () => Promise.resolve(url),
    get: (key) => Promise.resolve(key in documents ? encode(documents[key]) : undefined),
    getRange: () => Promise.resolve(undefined),
    head: (key) => Promise.resolve(key in documents ? { size: 1 } : undefined),
    list: () => unlisted(),
    listNames: () => unlisted(),
  });
}

// deno-lint-ignore require-yield
async function* unlisted(): AsyncGenerator<string> {
  throw new ClearstackError("unsupported", "it cannot be listed");
}

const URL_OF_IMAGE = "https://example.org/sample.ome.zarr";

const v3Array = (shape: number[], codecs: unknown[] = [{ name: "bytes", configuration: { endian: "little" } }]) => ({
  zarr_format: 3,
  node_type: "array",
  shape,
  data_type: "uint16",
  chunk_grid: { name: "regular", configuration: { chunk_shape: shape.map((side) => Math.min(side, 16)) } },
  chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
  fill_value: 0,
  codecs,
});

const v2Array = (shape: number[]) => ({
  zarr_format: 2,
  shape,
  chunks: shape.map((side) => Math.min(side, 16)),
  dtype: "<u2",
  compressor: null,
  filters: null,
  order: "C",
  fill_value: 0,
  dimension_separator: "/",
});

const AXES = ["t", "c", "z", "y", "x"].map((name) =>
  name === "t"
    ? { name, type: "time" }
    : name === "c"
    ? { name, type: "channel" }
    : { name, type: "space", unit: "micrometer" }
);

const MULTISCALE = {
  axes: AXES,
  datasets: [0, 1].map((level) => ({
    path: String(level),
    coordinateTransformations: [
      { type: "scale", scale: [1, 1, 0.5, 0.1 * 2 ** level, 0.1 * 2 ** level] },
      { type: "translation", translation: [0, 0, 10, 0.05 * level, 0.05 * level] },
    ],
  })),
};

const OMERO = {
  channels: [
    { label: "DNA", color: "0000FF", active: true, window: { min: 0, max: 9, start: 1, end: 5 } },
    { label: "Actin", color: "#ff8000", active: false, window: { start: 5, end: 5 } },
  ],
};

const V3 = {
  "zarr.json": {
    zarr_format: 3,
    node_type: "group",
    attributes: { ome: { version: "0.5", multiscales: [MULTISCALE], omero: OMERO }, clearstack: { version: "1" } },
  },
  "0/zarr.json": v3Array([1, 2, 8, 64, 48]),
  "1/zarr.json": v3Array([1, 2, 8, 32, 24]),
};

const V2 = {
  ".zgroup": { zarr_format: 2 },
  ".zattrs": { multiscales: [{ version: "0.4", ...MULTISCALE }], omero: OMERO, clearstack: { version: "1" } },
  "0/.zarray": v2Array([1, 2, 8, 64, 48]),
  "1/.zarray": v2Array([1, 2, 8, 32, 24]),
};

for (const [name, documents, format] of [["0.5 in Zarr v3", V3, 3], ["0.4 in Zarr v2", V2, 2]] as const) {
  Deno.test(`an OME-Zarr ${name} is opened with its levels, voxel sizes, channels and record`, async () => {
    const picture = await openPicture(URL_OF_IMAGE, storeOf(documents));
    assertEquals([picture.name, picture.unit, picture.zarrFormat], ["sample.ome.zarr", "micrometer", format]);
    assertEquals(picture.levels.map(({ shape }) => [shape.z, shape.y, shape.x]), [[8, 64, 48], [8, 32, 24]]);
    assertEquals(picture.levels[1]!.spacing, { z: 0.5, y: 0.2, x: 0.2 });
    assertEquals(picture.channels, [
      { name: "DNA", color: "#0000ff", active: true, contrast: { start: 1, end: 5 } },
      // A window without width is none.
      { name: "Actin", color: "#ff8000", active: false, contrast: undefined },
    ]);
    assertEquals(picture.provenance, { version: "1" });
  });
}

Deno.test("the levels of an image fill the same part of a plane", async () => {
  const picture = await openPicture(URL_OF_IMAGE, storeOf(V3));
  const [fine, coarse] = picture.levels;
  const { u0, v1 } = planeRect(picture, "xy");
  assertEquals([u0, v1].map((at) => at.toFixed(6)), ["-0.050000", "6.350000"]);
  assertEquals(edgeOf(coarse!, "x", 0).toFixed(6), edgeOf(fine!, "x", 0).toFixed(6));
  assertEquals([0, 0.1, 0.2, 0.3].map((at) => voxelAt(coarse!, "x", at)), [0, 0, 1, 1]);
  assertEquals(voxelAt(fine!, "z", 10.5), 1);
});

Deno.test("an array that is no multiscale image is shown if its axes are known", async () => {
  const picture = await openPicture(URL_OF_IMAGE, storeOf({ "zarr.json": v3Array([8, 64, 48]) }));
  assertEquals([picture.levels.length, picture.unit, picture.levels[0]!.shape.z], [1, undefined, 8]);
});

const group = (attributes: unknown) => ({ "zarr.json": { zarr_format: 3, node_type: "group", attributes } });

/** What cannot be shown, with a part of the problem and of the mend that the page tells. */
const REFUSED: readonly (readonly [name: string, documents: Record<string, unknown>, problem: string, mend: string])[] =
  [
    ["nothing there", {}, "holds no zarr.json", "the folder that holds zarr.json"],
    ["a group that is no multiscale", group({}), "is a group without an array", "multiscales"],
    ["a plate", group({ ome: { plate: { wells: [{ path: "A/1" }] } } }), "is a plate of 1 wells", "plate.zarr/A/1/0"],
    [
      "a level that is missing",
      { "zarr.json": V3["zarr.json"], "0/zarr.json": V3["0/zarr.json"] },
      "names the array 1",
      "address of the OME-Zarr",
    ],
    [
      "a codec that is not known",
      {
        ...V3,
        "0/zarr.json": v3Array([1, 2, 8, 64, 48], [{ name: "bytes", configuration: { endian: "little" } }, {
          name: "jpegxl",
        }]),
      },
      "uses codec jpegxl",
      "clearstack convert",
    ],
  ];

for (const [name, documents, problem, mend] of REFUSED) {
  Deno.test(`the page says what is wrong and how to mend it: ${name}`, async () => {
    const error = await assertRejects(() => openPicture(URL_OF_IMAGE, storeOf(documents)), ClearstackError);
    const told = explainError(error, "https://page.example");
    assertStringIncludes(told.problem, problem);
    assertStringIncludes(told.mend, mend);
    assertEquals(/--path/.test(told.problem), false, told.problem);
  });
}

Deno.test("addresses that are none are refused before anything is asked", async () => {
  for (const url of ["javascript:alert(1)", "file:///etc/passwd", "sample.zarr", "https:/example.org/a"]) {
    const error = await assertRejects(() => openPicture(url), ClearstackError);
    assertEquals(error.kind, "invalid-request", url);
  }
});

Deno.test("a server that lets no page read it is told apart from other refusals", () => {
  const cors = new ClearstackError("forbidden", "https://a does not let this page read it", { path: "cors" });
  assertStringIncludes(
    explainError(cors, "https://page.example").mend,
    "Access-Control-Allow-Origin: https://page.example",
  );
  assertStringIncludes(explainError(new ClearstackError("forbidden", "403"), "").mend, "right to read");
  assertStringIncludes(explainError(new TypeError("odd"), "").problem, "odd");
});
