import { assertEquals } from "@std/assert";
import type { Channel, ImageInfo } from "shared/contract/image_info.ts";
import { rootAttributes } from "shared/image/ome/ome_metadata.ts";
import { omeroMetadata } from "shared/image/ome/omero.ts";
import { imageInfo } from "../../../fixtures/image_info.ts";

const window = { min: 0, max: 100, start: 1, end: 90 };

type Shown = { channels: { label: string; color: string; active: boolean }[]; rdefs: Record<string, unknown> };
const omeroOf = (image: ImageInfo, channels: number) =>
  omeroMetadata(image, Array.from({ length: channels }, () => window)) as Shown;
const shown = (image: ImageInfo, channels: number) =>
  omeroOf(image, channels).channels.map(({ label, color, active }) => [label, color, active]);

Deno.test("an image without channels is one grey channel that bears its name", () => {
  const image = imageInfo("zyx", [9, 10, 10], { name: "embryo" });
  assertEquals(shown(image, 1), [["embryo", "FFFFFF", true]]);
  assertEquals(omeroOf(image, 1).rdefs, { defaultT: 0, defaultZ: 4, model: "greyscale" });
  assertEquals(shown(imageInfo("yx", [10, 10]), 1), [["deconvolved", "FFFFFF", true]]);
});

Deno.test("channels keep their names and colors; what is missing follows from the wavelength, else from a list", () => {
  const channels: Channel[] = [
    { name: "DAPI", color: "123ABC" },
    { emissionNanometres: 519.4 },
    { name: "far red", emissionNanometres: 720 },
    {},
  ];
  const image = imageInfo("czyx", [4, 1, 10, 10], { channels });
  assertEquals(shown(image, 4), [
    ["DAPI", "123ABC", true],
    ["519 nm", "00FF00", true],
    ["far red", "FF00FF", true],
    ["Channel 3", "FFFF00", true],
  ]);
  assertEquals(omeroOf(image, 4).rdefs, { defaultT: 0, defaultZ: 0, model: "color" });
});

Deno.test("of many channels the first six are shown", () => {
  const image = imageInfo("cyx", [8, 10, 10]);
  assertEquals(omeroOf(image, 8).channels.map(({ active }) => active), [...Array(6).fill(true), false, false]);
});

Deno.test("each version has its metadata where viewers of that version look", () => {
  const image = imageInfo("zyx", [9, 10, 10]);
  const options = { levels: [], dtype: "uint16" as const, windows: [window], provenance: {} };
  const current = rootAttributes(image, { ...options, version: "0.5" });
  assertEquals(Object.keys(current), ["ome", "omero", "clearstack"]);
  assertEquals((current.ome as { omero: unknown }).omero, current.omero);
  const older = rootAttributes(image, { ...options, version: "0.4" });
  assertEquals(Object.keys(older), ["multiscales", "omero", "clearstack"]);
  assertEquals((older.omero as { version: string }).version, "0.4");
  const untold = rootAttributes(image, { version: "0.5", levels: [], dtype: "uint16", provenance: {} });
  assertEquals(Object.keys(untold), ["ome", "clearstack"]);
});

Deno.test("a level lies half of its own voxel less half of the finest one's from the image's origin, along the axes halved", () => {
  const image = imageInfo("czyx", [2, 9, 10, 10], { scale: [1, 1, 0.25, 0.25], translation: [0, 5, 1, 2] });
  const { ome } = rootAttributes(image, {
    version: "0.5",
    levels: [{ factors: [1, 2, 2] }, { factors: [2, 2, 2] }],
    dtype: "uint16",
    provenance: {},
  }) as { ome: { multiscales: { datasets: unknown }[] } };
  const dataset = (path: string, scale: number[], translation: number[]) => ({
    path,
    coordinateTransformations: [{ type: "scale", scale }, { type: "translation", translation }],
  });
  assertEquals(ome.multiscales[0]!.datasets, [
    dataset("0", [1, 1, 0.25, 0.25], [0, 5, 1, 2]),
    dataset("1", [1, 1, 0.5, 0.5], [0, 5, 1.125, 2.125]),
    dataset("2", [1, 2, 1, 1], [0, 5.5, 1.375, 2.375]),
  ]);
});
