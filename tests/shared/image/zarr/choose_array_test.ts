/** Which array of a hierarchy is opened where no path, or one of a group, is given. */
import { assertEquals, assertRejects } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { writeZarr3, zarr3Metadata } from "../../../fixtures/zarr3.ts";
import { openImage, openStore } from "../../../stores.ts";

type Attributes = Record<string, unknown>;

/** Writes groups and arrays of one voxel by their paths; the attributes of groups as OME-Zarr of this version has them. */
async function hierarchy(version: "0.4" | "0.5", groups: Record<string, Attributes>, arrays: readonly string[]) {
  const url = memoryUrl();
  const put = (key: string, document: unknown) =>
    openStore(url).put(key, new TextEncoder().encode(JSON.stringify(document)));
  for (const [path, ome] of Object.entries(groups)) {
    const folder = path === "" ? "" : `${path}/`;
    if (version === "0.5") {
      await put(`${folder}zarr.json`, { zarr_format: 3, node_type: "group", attributes: { ome } });
    } else {
      await put(`${folder}.zgroup`, { zarr_format: 2 });
      await put(`${folder}.zattrs`, ome);
    }
  }
  for (const path of arrays) {
    if (version === "0.5") {
      await writeZarr3(url, { shape: [1, 1, 1], chunk: [1, 1, 1], dtype: "uint16", values: [1] }, path);
    } else {
      const metadata = {
        shape: [1, 1, 1],
        chunks: [1, 1, 1],
        dtype: "<u2",
        compressor: null,
        filters: null,
        order: "C",
      };
      await put(`${path}/.zarray`, { zarr_format: 2, fill_value: 1, ...metadata });
    }
  }
  return url;
}

const image = (...paths: string[]) => ({
  multiscales: [{
    axes: ["z", "y", "x"].map((name) => ({ name, type: "space", unit: "micrometer" })),
    datasets: paths.map((path) => ({ path, coordinateTransformations: [{ type: "scale", scale: [1, 2, 2] }] })),
  }],
});

async function pathOf(url: string, path?: string): Promise<string> {
  return (await openImage(path === undefined ? { url } : { url, path })).info.path;
}

async function refused(url: string, message: string, path?: string): Promise<void> {
  const error = await assertRejects(() => pathOf(url, path), ClearstackError, message);
  assertEquals([error.kind, error.message.includes("\n")], ["invalid-request", false]);
}

for (const version of ["0.4", "0.5"] as const) {
  Deno.test(`labels and other groups beside an image are left alone (${version})`, async () => {
    const groups = { "": image("0", "1"), "labels": { labels: ["cells"] }, "labels/cells": image("0"), "tables": {} };
    const url = await hierarchy(version, groups, ["0", "1", "labels/cells/0", "tables/counts"]);
    assertEquals(await pathOf(url), "0");
    assertEquals(await pathOf(url, "labels/cells"), "labels/cells/0");
    assertEquals(await pathOf(url, "labels"), "labels/cells/0");
    assertEquals((await openImage({ url, path: "labels/cells/0" })).info.scale, [1, 2, 2]);
  });

  Deno.test(`a group that says nothing of images is its only one; labels count where there is nothing else (${version})`, async () => {
    const labelled = { "": {}, "labels": {}, "labels/cells": image("0") };
    assertEquals(await pathOf(await hierarchy(version, labelled, ["0", "labels/cells/0"])), "0");
    assertEquals(await pathOf(await hierarchy(version, labelled, ["labels/cells/0"])), "labels/cells/0");
    const several = { "": {}, "raw": image("0", "1"), "result": image("0", "1") };
    const url = await hierarchy(version, several, ["raw/0", "raw/1", "result/0", "result/1"]);
    await refused(url, "(raw, result); choose one with --path");
    assertEquals([await pathOf(url, "result"), await pathOf(url, "result/1")], ["result/0", "result/1"]);
  });

  Deno.test(`the first of several multiscales is opened, others by path (${version})`, async () => {
    const two = {
      multiscales: [...image("0").multiscales, { ...image("small/0", "small/1").multiscales[0]!, name: "small" }],
    };
    const url = await hierarchy(version, { "": two, "small": {} }, ["0", "small/0", "small/1"]);
    assertEquals(await pathOf(url), "0");
    const { info } = await openImage({ url, path: "small/1" });
    assertEquals([info.path, info.name, info.scale], ["small/1", "small", [1, 2, 2]]);
  });

  Deno.test(`a plate is refused with its wells, a well of several images with them (${version})`, async () => {
    const wells = Array.from({ length: 24 }, (_, index) => ({ path: `A/${index + 1}` }));
    const groups = {
      "": { plate: { wells } },
      "A": {},
      "A/1": { well: { images: [{ path: "0" }, { path: "1" }] } },
      "A/2": { well: { images: [{ path: "0" }] } },
      ...{ "A/1/0": image("0"), "A/1/1": image("0"), "A/2/0": image("0") },
    };
    const url = await hierarchy(version, groups, ["A/1/0/0", "A/1/1/0", "A/2/0/0"]);
    await refused(
      url,
      "is a plate of 24 wells (A/1, A/2, A/3, A/4, A/5, A/6, A/7, A/8, ...); choose one with --path, for example --path A/1",
    );
    await refused(url, "A/1 is a group of several images (A/1/0, A/1/1); choose one with --path", "A/1");
    assertEquals([await pathOf(url, "A/2"), await pathOf(url, "A/1/1")], ["A/2/0/0", "A/1/1/0"]);
  });

  Deno.test(`a conversion of bioformats2raw is its only image, or refused with its images (${version})`, async () => {
    const layout = { "bioformats2raw.layout": 3 };
    const one = await hierarchy(version, { "": layout, "OME": { series: ["0"] }, "0": image("0") }, ["0/0"]);
    assertEquals(await pathOf(one), "0/0");
    const listed = { "": layout, "OME": { series: ["0", "b"] }, "0": image("0"), "b": image("0") };
    const several = await hierarchy(version, listed, ["0/0", "b/0"]);
    await refused(several, "(0, b); choose one with --path");
    assertEquals(await pathOf(several, "b"), "b/0");
    const unlisted = { "": layout, "0": image("0"), "1": image("0") };
    await refused(await hierarchy(version, unlisted, ["0/0", "1/0"]), "(0, 1); choose one with --path");
  });
}

Deno.test("images that consolidated metadata list are found without a listing, and hide their levels", async () => {
  const array = zarr3Metadata({ shape: [1, 1, 1], chunk: [1, 1, 1], dtype: "uint16", values: [] });
  const group = (ome: Attributes = {}) => ({ zarr_format: 3, node_type: "group", attributes: { ome } });
  const url = memoryUrl();
  const metadata = { "a": group(image("0")), "a/0": array, "labels/x": array, "b": group(), "b/raw": array };
  const root = { ...group(), consolidated_metadata: { kind: "inline", metadata } };
  await openStore(url).put("zarr.json", new TextEncoder().encode(JSON.stringify(root)));
  await refused(url, "(a, b/raw); choose one");
  const old = memoryUrl();
  const put = (key: string, document: unknown) =>
    openStore(old).put(key, new TextEncoder().encode(JSON.stringify(document)));
  await put(".zgroup", { zarr_format: 2 });
  await put(".zmetadata", {
    metadata: { "a/.zgroup": {}, "a/.zattrs": image("0"), "a/0/.zarray": {}, "c/.zarray": {}, "c/.zattrs": {} },
  });
  await refused(old, "(a, c); choose one");
});

Deno.test("a plate or a well that says nothing sensible is refused, not followed", async () => {
  await refused(await hierarchy("0.5", { "": { plate: 5 } }, []), "is a plate of 0 wells");
  const url = await hierarchy("0.5", { "": { well: { images: [{ path: "0" }] } } }, []);
  const error = await assertRejects(() => pathOf(url), ClearstackError, "names the image 0, which is not there");
  assertEquals(error.kind, "not-found");
});
