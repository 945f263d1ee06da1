/** TIFFs as other programs write them: each test states the one right reading. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Location } from "shared/contract/location.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Image } from "shared/image/image.ts";
import { openImage, openStore, reopenImage } from "../../stores.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { pythonTest, runPython } from "../../fixtures/python.ts";
import { readVolumes } from "../../fixtures/read_whole.ts";
import {
  countedPages,
  long,
  rational,
  short,
  type TagValue,
  tiffOf,
  type TiffPageOf,
} from "../../fixtures/tiff_pages.ts";

const PLANE = [3, 5] as const;
const PAGE = PLANE[0] * PLANE[1];

/** Puts files into one folder of memory; the image at the first one, or at `name`. */
async function open(
  files: Readonly<Record<string, Uint8Array>>,
  location: Partial<Location> & { readonly name?: string } = {},
): Promise<Image> {
  const url = memoryUrl();
  const { name = Object.keys(files)[0]!, ...rest } = location;
  for (const [key, bytes] of Object.entries(files)) await openStore(url).put(key, bytes);
  const image = await openImage({ url: name === "" ? url : `${url}/${name}`, ...rest });
  // A tile is read by whoever opens the image again from what was planned.
  assertEquals((await reopenImage(image.info)).info, image.info);
  return image;
}

/** A stack of counted pages whose first has this description and these tags. */
function described(description: string | Uint8Array, pages: number, tags: TiffPageOf["tags"] = {}): Uint8Array {
  return tiffOf(countedPages(pages, PLANE, { 270: description, ...tags }));
}

const axesOf = ({ info }: Image) => info.axes.map(({ name }) => name).join("");
const spatialUnits = ({ info }: Image) => info.axes.filter(({ type }) => type === "space").map(({ unit }) => unit);

/** Numbers of the pages in the order of the image's axes. */
async function pagesOf(image: Image): Promise<number[]> {
  const values = await readVolumes(image);
  return Array.from({ length: values.length / PAGE }, (_, plane) => {
    const first = values[plane * PAGE]!;
    values.subarray(plane * PAGE, (plane + 1) * PAGE).forEach((value, index) => assertEquals(value, first + index));
    return first / PAGE;
  });
}

async function refused(opening: Promise<unknown>, kind: string, ...words: string[]): Promise<void> {
  const error = await assertRejects(() => opening, ClearstackError);
  assertEquals(error.kind, kind, error.message);
  for (const word of words) assert(error.message.includes(word), error.message);
}

/** 10 voxels per unit along y and 8 along x. */
const RESOLUTION = { 282: rational(8, 1), 283: rational(10, 1), 296: short(1) } as const;

Deno.test("SCIFIO's axes, lengths, scales and units are read, in any order of axes", async () => {
  const lines = (axes: string, lengths: string, scales: string, units: string) =>
    `SCIFIO=0.42.0\naxes=${axes}\nlengths=${lengths}\nscales=${scales}\nunits=${units}\nimages=12\nunit=micron\n`;
  const czt = await open({
    "a.tif": described(lines("X,Y,Channel,Z", "5,3,2,6", "0.1,0.2,1.0,0.3", "micron,\\u00B5m,null,micron"), 12),
  });
  assertEquals([axesOf(czt), czt.info.shape, czt.info.scale], ["czyx", [2, 6, 3, 5], [1, 0.3, 0.2, 0.1]]);
  assertEquals(spatialUnits(czt), ["micrometer", "micrometer", "micrometer"]);
  assertEquals(await pagesOf(czt), [0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11]);
  const tz = await open({
    "a.tif": described(lines("X,Y,Time,Z,Channel", "5,3,2,3,2", "1,1,2.5,1,1", "null,null,sec,null,null"), 12),
  });
  assertEquals([axesOf(tz), tz.info.shape, tz.info.scale], ["tczyx", [2, 2, 3, 3, 5], [2.5, 1, 1, 1, 1]]);
  assertEquals(await pagesOf(tz), [0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11]);
  const lifetime = lines("X,Y,Lifetime", "5,3,12", "1,1,1", "null,null,null");
  await refused(open({ "a.tif": described(lifetime, 12) }), "unsupported", "SCIFIO", "Lifetime");
  const interleaved = lines("Channel,X,Y", "2,5,3", "1,1,1", "null,null,null");
  await refused(open({ "a.tif": described(interleaved, 6) }), "unsupported", "SCIFIO");
});

Deno.test("tifffile's axes are read in every order of t, z and c, with spacing and unit", async () => {
  const sizes = { T: 2, Z: 3, C: 2 };
  for (const axes of ["TZC", "TCZ", "ZTC", "ZCT", "CTZ", "CZT"]) {
    const shape = [...axes].map((axis) => sizes[axis as keyof typeof sizes]);
    const text = JSON.stringify({ shape: [...shape, 3, 5], axes: `${axes}YX`, spacing: 0.3, unit: "um", finterval: 4 });
    const image = await open({ "a.tif": described(text.replaceAll(",", ", ").replaceAll(":", ": "), 12, RESOLUTION) });
    assertEquals([axesOf(image), image.info.shape, image.info.scale], ["tczyx", [2, 2, 3, 3, 5], [
      4,
      1,
      0.3,
      0.1,
      0.125,
    ]]);
    assertEquals(spatialUnits(image), ["micrometer", "micrometer", "micrometer"]);
    const expected: number[] = [];
    for (let t = 0; t < 2; t++) {
      for (let c = 0; c < 2; c++) {
        for (let z = 0; z < 3; z++) {
          expected.push([...axes].reduce((page, axis, at) => page * shape[at]! + { T: t, C: c, Z: z }[axis]!, 0));
        }
      }
    }
    assertEquals(await pagesOf(image), expected, axes);
  }
  // Letters that are no axis here name nothing, and a stack is a stack.
  const sequence = await open({ "a.tif": described('{"shape": [6, 3, 5], "axes": "QYX"}', 6) });
  assertEquals([axesOf(sequence), sequence.info.shape], ["zyx", [6, 3, 5]]);
  await refused(open({ "a.tif": described('{"shape": [2, 3, 3, 5], "axes": "IQYX"}', 6) }), "invalid-request", "2 x 3");
  await refused(open({ "a.tif": described('{"shape": [6, 3, 5], "axes": "YXZ"}', 6) }), "unsupported", "YXZ");
  // tifffile writes a second description behind the caller's own.
  const both = ["ImageJ=1.53t\nimages=6\nchannels=2\nslices=3\n", '{"shape": [6, 3, 5]}'];
  const image = await open({ "a.tif": tiffOf(countedPages(6, PLANE, { 270: both })) });
  assertEquals([axesOf(image), image.info.shape], ["czyx", [2, 3, 3, 5]]);
});

/** Scale and units of an ImageJ stack of 4 planes. */
async function calibrated(lines: string, tags: TiffPageOf["tags"] = RESOLUTION, pages = 4) {
  const text = `ImageJ=1.53t\nimages=${pages}\nslices=${pages}\n${lines}loop=false\n`;
  const image = await open({ "a.tif": described(text, pages, tags) });
  return {
    scale: image.info.scale,
    units: spatialUnits(image),
    warnings: (image.info.warnings ?? []).map(({ message }) => message),
  };
}

const MICROMETERS = ["micrometer", "micrometer", "micrometer"];
const NO_UNITS = [undefined, undefined, undefined];

Deno.test("the voxel size of ImageJ is taken whole: its units, its signs, its spellings", async () => {
  const cases: [lines: string, scale: number[], units: (string | undefined)[]][] = [
    ["unit=micron\nspacing=0.3\n", [0.3, 0.1, 0.125], MICROMETERS],
    ["unit=\\u00B5m\nspacing=0.3\n", [0.3, 0.1, 0.125], MICROMETERS],
    ["unit=um\nspacing=-0.3\n", [0.3, 0.1, 0.125], MICROMETERS],
    ["unit=um\nyunit=nm\nzunit=mm\nspacing=0.3\n", [0.3, 0.1, 0.125], ["millimeter", "nanometer", "micrometer"]],
    // What ImageJ shows of a stack without a unit.
    ["spacing=0.3\n", [0.3, 0.1, 0.125], NO_UNITS],
    ["unit=pixel\nspacing=0.3\n", [0.3, 0.1, 0.125], NO_UNITS],
  ];
  for (const [lines, scale, units] of cases) {
    assertEquals(await calibrated(lines), { scale, units, warnings: [] }, lines);
  }
  // ResolutionUnit 3: 80,000 and 100,000 voxels per centimetre.
  const centimetres = { 282: rational(80_000, 1), 283: rational(100_000, 1), 296: short(3) };
  assertEquals(await calibrated("unit=um\nspacing=0.3\n", centimetres), {
    scale: [0.3, 0.1, 0.125],
    units: MICROMETERS,
    warnings: [],
  });
  const latin = Uint8Array.from(
    "ImageJ=1.53t\nimages=4\nslices=4\nunit=\u00b5m\nspacing=0.3\n\0",
    (one) => one.charCodeAt(0),
  );
  const image = await open({ "a.tif": described(latin, 4, RESOLUTION) });
  assertEquals([image.info.scale, spatialUnits(image)], [[0.3, 0.1, 0.125], MICROMETERS]);
});

Deno.test("a voxel size that is stated in part is not taken, and said; one that is not stated is neither", async () => {
  const print = { 282: rational(72, 1), 283: rational(72, 1), 296: short(2) };
  const ones = { 282: rational(1, 1), 283: rational(1, 1), 296: short(1) };
  for (const tags of [{}, print, ones]) {
    assertEquals(await calibrated("", tags), { scale: [1, 1, 1], units: NO_UNITS, warnings: [] });
  }
  const partly: [lines: string, tags: TiffPageOf["tags"], words: string][] = [
    ["unit=um\n", RESOLUTION, "z: not stated"],
    ["unit=um\nspacing=0.3\n", {}, "y: not stated"],
    ["spacing=0.3\n", ones, "x: 1 without a unit"],
    ["spacing=0.3\n", print, "x: not stated"],
    ["zunit=um\nspacing=0.3\n", RESOLUTION, "y: 0.1 without a unit"],
    ["unit=um\nspacing=NaN\n", RESOLUTION, "z: spacing NaN"],
    ["unit=\ufffdm\nspacing=0.3\n", RESOLUTION, "\ufffdm"],
    ["spacing=0.3\n", { 282: rational(80_000, 1), 283: rational(100_000, 1), 296: short(3) }, "0.1 micrometer"],
    ["unit=um\nspacing=0.3\n", { 282: rational(0, 0), 283: rational(10, 1), 296: short(1) }, "x: not stated"],
  ];
  for (const [lines, tags, words] of partly) {
    const { scale, units, warnings } = await calibrated(lines, tags);
    assertEquals([scale, units, warnings.length], [[1, 1, 1], NO_UNITS, 1], lines);
    assert(warnings[0]!.includes(words) && warnings[0]!.includes("cannot be used"), warnings[0]);
  }
  // A single plane has no neighbours along z.
  const plane = await open({ "a.tif": described("ImageJ=1.53t\nunit=um\n", 1, RESOLUTION) });
  assertEquals([plane.info.scale, spatialUnits(plane), plane.info.warnings], [
    [0.1, 0.125],
    MICROMETERS.slice(1),
    undefined,
  ]);
  const ome = (sizes: string) =>
    `<OME><Image><Pixels DimensionOrder="XYZCT" SizeX="5" SizeY="3" SizeZ="4" SizeC="1" SizeT="1" ${sizes}/></Image></OME>`;
  const noZ = await open({ "a.tif": described(ome('PhysicalSizeX="0.1" PhysicalSizeY="0.1"'), 4) });
  assertEquals([noZ.info.scale, spatialUnits(noZ), noZ.info.warnings?.length], [[1, 1, 1], NO_UNITS, 1]);
  const silent = await open({ "a.tif": described(ome(""), 4) });
  assertEquals([silent.info.scale, spatialUnits(silent), silent.info.warnings], [[1, 1, 1], NO_UNITS, undefined]);
});

/** A MetaMorph stack: planes behind the first strip, UIC tags in front. */
function metaMorph(
  planes: number,
  distance: (plane: number) => number,
  extra: Record<number, TagValue> = {},
): Uint8Array {
  const counted = countedPages(planes, PLANE);
  const whole = new Uint16Array(planes * PAGE);
  counted.forEach(({ values }, plane) => whole.set(values as Uint16Array, plane * PAGE));
  const uic2 = { type: 5, numbers: counted.flatMap((_, z) => [distance(z), 1000, 2459000, z * 100, 2459000, 0]) };
  // UIC2Tag counts planes, of three fractions each.
  const bytes = tiffOf([{ plane: PLANE, values: whole, tags: { 279: long(PAGE * 2), 33629: uic2, ...extra } }]);
  const view = new DataView(bytes.buffer);
  const directory = view.getUint32(4, true);
  for (let at = directory + 2; at < bytes.length - 8; at += 12) {
    if (view.getUint16(at, true) === 33629) view.setUint32(at + 4, planes, true);
  }
  return bytes;
}

Deno.test("all planes of a MetaMorph stack are read, along z or along time, by UIC2Tag or UIC4Tag", async () => {
  const stack = await open({ "a.stk": metaMorph(5, () => 300) });
  assertEquals([axesOf(stack), stack.info.shape], ["zyx", [5, 3, 5]]);
  assertEquals(await pagesOf(stack), [0, 1, 2, 3, 4]);
  // Planes have a distance, voxels of a plane do not: not half of it.
  assertEquals([stack.info.scale, stack.info.warnings?.length], [[1, 1, 1], 1]);
  const uneven = await open({ "a.stk": metaMorph(5, (z) => 300 * z) });
  assertEquals([axesOf(uneven), uneven.info.scale, uneven.info.warnings?.length], ["zyx", [1, 1, 1], 1]);
  const times = await open({ "a.stk": metaMorph(5, () => 0) });
  assertEquals([axesOf(times), await pagesOf(times)], ["tyx", [0, 1, 2, 3, 4]]);
  await refused(open({ "a.stk": metaMorph(5, () => 300).slice(0, 8 + 9 * PAGE) }), "corrupt-data");
});

Deno.test("a set of OME-TIFF files is read from any of them, a missing one is named, and whole time points can be taken", async () => {
  const data = (t: number, z: number) =>
    `<TiffData FirstT="${t}" FirstZ="${z}" IFD="${
      1 - z
    }" PlaneCount="1"><UUID FileName="t${t}.ome.tif">urn:${t}</UUID></TiffData>`;
  const text = (own: number) =>
    `<OME UUID="urn:${own}"><Image Name="cell"><Pixels DimensionOrder="XYZCT" SizeX="5" SizeY="3" SizeZ="2" SizeC="1" ` +
    `SizeT="3">${[0, 1, 2].flatMap((t) => [data(t, 0), data(t, 1)]).join("")}</Pixels></Image></OME>`;
  const files = Object.fromEntries([0, 1, 2].map((t) => {
    const pages = countedPages(6, PLANE).slice(2 * t, 2 * t + 2);
    return [`t${t}.ome.tif`, tiffOf([{ ...pages[0]!, tags: { 270: text(t) } }, pages[1]!])];
  }));
  for (const name of Object.keys(files)) {
    const image = await open(files, { name });
    assertEquals([axesOf(image), image.info.shape], ["tzyx", [3, 2, 3, 5]]);
    // IFD 1 holds z 0.
    assertEquals(await pagesOf(image), [1, 0, 3, 2, 5, 4]);
  }
  const { "t2.ome.tif": _, ...two } = files;
  await refused(open(two), "not-found", "t2.ome.tif", "--pages as-listed");
  const part = await open(two, { pages: "as-listed" });
  assertEquals([part.info.shape, await pagesOf(part)], [[2, 2, 3, 5], [1, 0, 3, 2]]);
  assert(part.info.warnings?.[0]?.message.includes("2 of 3 time points"), part.info.warnings?.[0]?.message);
  // The same with the metadata in a file of their own.
  const companion = Object.fromEntries([0, 1, 2].map((t) => {
    const pages = countedPages(6, PLANE).slice(2 * t, 2 * t + 2);
    const only = `<OME UUID="urn:${t}"><BinaryOnly MetadataFile="all.companion.ome" UUID="urn:x"/></OME>`;
    return [`t${t}.ome.tif`, tiffOf([{ ...pages[0]!, tags: { 270: only } }, pages[1]!])];
  }));
  await refused(open(companion), "not-found", "all.companion.ome");
  const beside = { ...companion, "all.companion.ome": new TextEncoder().encode(text(9)) };
  assertEquals(await pagesOf(await open(beside, { name: "t1.ome.tif" })), [1, 0, 3, 2, 5, 4]);
  const climbing = text(0).replaceAll('"t1.ome.tif"', '"../t1.ome.tif"');
  await refused(open({ "t0.ome.tif": described(climbing, 2) }), "unsupported", "../t1.ome.tif");
});

Deno.test("several images in one OME-TIFF are chosen by number", async () => {
  const image = (name: string, ifd: number, planes: number) =>
    `<Image Name="${name}"><Pixels DimensionOrder="XYZCT" SizeX="5" SizeY="3" SizeZ="${planes}" SizeC="1" SizeT="1" ` +
    `PhysicalSizeX="0.${
      ifd + 1
    }" PhysicalSizeY="0.1" PhysicalSizeZ="0.3"><TiffData IFD="${ifd}" PlaneCount="${planes}"/></Pixels></Image>`;
  const bytes = described(`<OME>${image("left", 0, 2)}${image("right", 2, 3)}</OME>`, 5);
  await refused(open({ "a.tif": bytes }), "invalid-request", "2 images (0 left, 1 right)", "--path");
  await refused(open({ "a.tif": bytes }, { path: "2" }), "not-found", "no image 2", "1 right");
  await refused(open({ "a.tif": bytes }, { path: "left" }), "invalid-request", "left");
  const left = await open({ "a.tif": bytes }, { path: "0" });
  assertEquals([left.info.shape, await pagesOf(left), left.info.scale], [[2, 3, 5], [0, 1], [0.3, 0.1, 0.1]]);
  const right = await open({ "a.tif": bytes }, { path: "1" });
  assertEquals([right.info.shape, await pagesOf(right), right.info.scale], [[3, 3, 5], [2, 3, 4], [0.3, 0.1, 0.3]]);
});

Deno.test("images of one OME-TIFF may differ in size and type", async () => {
  const image = (ifd: number, [height, width]: readonly [number, number]) =>
    `<Image><Pixels DimensionOrder="XYZCT" SizeX="${width}" SizeY="${height}" SizeZ="2" SizeC="1" SizeT="1">` +
    `<TiffData IFD="${ifd}" PlaneCount="2"/></Pixels></Image>`;
  const floats = [0, 1].map((z) => ({ plane: [2, 4] as const, values: new Float32Array(8).fill(z + 0.5) }));
  const text = `<OME>${image(0, PLANE)}${image(2, [2, 4])}</OME>`;
  const bytes = tiffOf([...countedPages(2, PLANE, { 270: text }), ...floats]);
  const second = await open({ "a.tif": bytes }, { path: "1" });
  assertEquals([second.info.shape, second.info.dtype as string], [[2, 2, 4], "float32"]);
  assertEquals([...await readVolumes(second)], [...new Array(8).fill(0.5), ...new Array(8).fill(1.5)]);
  assertEquals((await open({ "a.tif": bytes }, { path: "0" })).info.shape, [2, 3, 5]);
});

Deno.test("of a stopped acquisition the pages that are there are taken where that is asked for, in whole time points", async () => {
  const stack = described("ImageJ=1.53t\nimages=10\nslices=10\n", 5);
  await refused(open({ "a.tif": stack }), "unsupported", "says it has 10 images and lists 5", "--pages as-listed");
  await refused(open({ "a.tif": stack }, { pages: "as-stated" }), "unsupported", "lists 5");
  const taken = await open({ "a.tif": stack }, { pages: "as-listed" });
  assertEquals([taken.info.shape, await pagesOf(taken)], [[5, 3, 5], [0, 1, 2, 3, 4]]);
  assert(taken.info.warnings?.[0]?.message.includes("5 of 10 planes of z"), taken.info.warnings?.[0]?.message);
  // 2 channels of 3 planes at 4 times, of which 2 are whole.
  const hyper = described("ImageJ=1.53t\nimages=24\nchannels=2\nslices=3\nframes=4\nhyperstack=true\n", 17);
  const whole = await open({ "a.tif": hyper }, { pages: "as-listed" });
  assertEquals([axesOf(whole), whole.info.shape], ["tczyx", [2, 2, 3, 3, 5]]);
  assertEquals(await pagesOf(whole), [0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11]);
  assert(whole.info.warnings?.[0]?.message.includes("leaves out 5 pages"), whole.info.warnings?.[0]?.message);
  const few = described("ImageJ=1.53t\nimages=24\nchannels=2\nslices=3\nframes=4\n", 4);
  await refused(open({ "a.tif": few }, { pages: "as-listed" }), "unsupported", "4 time points of 6");
  // OME-XML of 48 planes in a file of 32.
  const ome =
    '<OME><Image><Pixels DimensionOrder="XYCZT" SizeX="5" SizeY="3" SizeZ="4" SizeC="2" SizeT="6"><TiffData/></Pixels></Image></OME>';
  await refused(open({ "a.tif": described(ome, 32) }), "unsupported", "48 images and lists 32", "--pages as-listed");
  const four = await open({ "a.tif": described(ome, 33) }, { pages: "as-listed" });
  assertEquals(four.info.shape, [4, 2, 4, 3, 5]);
  // tifffile's shape, and OME-XML that does not place all planes.
  const shaped = await open({ "a.tif": described('{"shape": [4, 3, 3, 5], "axes": "TZYX"}', 7) }, {
    pages: "as-listed",
  });
  assertEquals([axesOf(shaped), shaped.info.shape, await pagesOf(shaped)], ["tzyx", [2, 3, 3, 5], [0, 1, 2, 3, 4, 5]]);
  const gap = ome.replace("<TiffData/>", '<TiffData IFD="0" PlaneCount="17"/>');
  await refused(open({ "a.tif": described(gap, 48) }), "corrupt-data", "places 17 of them", "--pages as-listed");
  assertEquals((await open({ "a.tif": described(gap, 48) }, { pages: "as-listed" })).info.shape, [2, 2, 4, 3, 5]);
});

Deno.test("samples of few bits, of no stated format and of 64 bits are read; others are refused with what would do", async () => {
  const packed = (bits: number, values: readonly number[], tags = {}) => {
    const row = values.map((value) => value.toString(2).padStart(bits, "0")).join("");
    const bytes = Uint8Array.from(
      row.padEnd(Math.ceil(row.length / 8) * 8, "0").match(/.{8}/g)!,
      (byte) => parseInt(byte, 2),
    );
    const twice = new Uint8Array([...bytes, ...bytes]);
    return tiffOf([{ plane: [2, values.length], values: twice, tags: { 258: short(bits), ...tags } }]);
  };
  for (const [bits, dtype] of [[1, "bool"], [2, "uint8"], [7, "uint8"], [12, "uint16"], [14, "uint16"]] as const) {
    const values = Array.from({ length: 11 }, (_, index) => (index * 1237 + 1) % 2 ** bits);
    const image = await open({ "a.tif": packed(bits, values) });
    assertEquals([image.info.dtype as string, [...await readVolumes(image)]], [dtype, [...values, ...values]]);
  }
  // A file that does not say how many bits its samples have has one.
  const silent = await open({ "a.tif": packed(1, [1, 0, 1, 1], { 258: undefined, 339: undefined }) });
  assertEquals([silent.info.dtype as string, [...await readVolumes(silent)]], ["bool", [1, 0, 1, 1, 1, 0, 1, 1]]);
  const undefinedFormat = await open({
    "a.tif": tiffOf(countedPages(2, PLANE).map((page) => ({ ...page, tags: { 339: short(4) } }))),
  });
  assertEquals([undefinedFormat.info.dtype as string, await pagesOf(undefinedFormat)], ["uint16", [0, 1]]);
  const wide = BigUint64Array.from({ length: PAGE }, (_, index) => 2n ** 40n + BigInt(index) * 2n ** 20n);
  const uint64 = await open({ "a.tif": tiffOf([{ plane: PLANE, values: wide }]) });
  assertEquals([uint64.info.dtype as string, [...await readVolumes(uint64)]], ["uint64", [...wide].map(Number)]);
  for (
    const [bits, format, words] of [[24, 1, "24 bits"], [24, 3, "24 bits"], [64, 6, "complex"], [
      12,
      2,
      "12 bits",
    ]] as const
  ) {
    const tags = { 258: short(bits), 339: short(format) };
    const bytes = tiffOf([{ plane: PLANE, values: new Uint8Array(PAGE * 8), tags }]);
    await refused(open({ "a.tif": bytes }), "unsupported", words, "integers of 8, 16, 32 or 64 bits");
  }
});

Deno.test("a folder or a pattern of single planes is read in natural order; what the names leave open is refused", async () => {
  const planes = countedPages(12, PLANE);
  const named = (name: (index: number) => string, count = 12) =>
    Object.fromEntries(planes.slice(0, count).map((plane, index) => [name(index), tiffOf([plane])]));
  const all = Array.from({ length: 12 }, (_, index) => index);
  const folder = await open(named((z) => `img_${z + 1}.tif`), { name: "" });
  assertEquals([axesOf(folder), folder.info.shape, await pagesOf(folder)], ["zyx", [12, 3, 5], all]);
  const pattern = await open({ ...named((z) => `img_${z}.tif`), "dark.tif": tiffOf([planes[0]!]) }, {
    name: "img_*.tif",
  });
  assertEquals([pattern.info.shape, await pagesOf(pattern)], [[12, 3, 5], all]);
  const both = { ...named((z) => `img_${z}.tif`), "dark.tif": tiffOf([planes[0]!]) };
  await refused(open(both, { name: "" }), "invalid-request", "dark.tif", "by a pattern");
  assertEquals((await open(both, { name: "i*_*.t*f" })).info.shape, [12, 3, 5]);
  await refused(open(both, { name: "i*_1*.t*f" }), "corrupt-data", "from 1 to 10");
  await refused(open(both, { name: "nothing_*.tif" }), "not-found", "nothing_*.tif");
  const steps = await open(named((z) => `s_z${10 * z}.tif`, 3), { name: "", axes: "zyx" });
  assertEquals(steps.info.shape, [3, 3, 5]);
  // Planes of c, z and t by what stands before their numbers.
  const grid = await open(named((i) => `a1_t${i % 3}_ch${Math.floor(i / 6)}_z${Math.floor(i / 3) % 2}.tif`), {
    name: "",
  });
  assertEquals([axesOf(grid), grid.info.shape], ["tczyx", [3, 2, 2, 3, 5]]);
  assertEquals(await pagesOf(grid), [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
  await refused(open(named((i) => `a${i % 3}_${Math.floor(i / 3)}.tif`), { name: "" }), "invalid-request", "2 numbers");
  const { "img_5.tif": _, ...gap } = named((z) => `img_${z}.tif`);
  await refused(open(gap, { name: "" }), "corrupt-data", "from 4 to 6", "--pages as-listed");
  const listed = await open(gap, { name: "", pages: "as-listed" });
  assertEquals([listed.info.shape, await pagesOf(listed)], [[11, 3, 5], all.filter((z) => z !== 5)]);
  const stacks = Object.fromEntries([0, 1].map((t) => [`t${t}.tif`, tiffOf(countedPages(3, PLANE))]));
  await refused(open(stacks, { name: "" }), "unsupported", "several pages");
});

Deno.test("a stack that shows 0 as white is read as it is stored, with a warning", async () => {
  const image = await open({ "a.tif": tiffOf(countedPages(2, PLANE, { 262: short(0) })) });
  assertEquals([await pagesOf(image), image.info.warnings?.map(({ code }) => code)], [[0, 1], ["white-is-zero"]]);
});

Deno.test("the tag of Zeiss LSM files tells times from planes, and the voxel size in metres", async () => {
  const tag = new DataView(new ArrayBuffer(128));
  [0x0400494c, 128, 5, 3, 3, 1, 2].forEach((word, index) => tag.setUint32(4 * index, word, true));
  [1e-7, 2e-7, 3e-7].forEach((metres, axis) => tag.setFloat64(40 + 8 * axis, metres, true));
  tag.setUint16(88, 6, true);
  const bytes = tiffOf(countedPages(6, PLANE, { 34412: new Uint8Array(tag.buffer) }));
  const image = await open({ "a.lsm": bytes });
  assertEquals([axesOf(image), image.info.shape, await pagesOf(image)], ["tzyx", [2, 3, 3, 5], [0, 1, 2, 3, 4, 5]]);
  image.info.scale.slice(1).forEach((step, axis) => assert(Math.abs(step - [0.3, 0.2, 0.1][axis]!) < 1e-12));
  assertEquals(spatialUnits(image), MICROMETERS);
});

pythonTest({
  name: "stacks that tifffile reads as one thing read as the same here: orders of axes, few bits, MetaMorph",
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      await runPython("make_dialects.py", folder);
      const names: Record<string, { axes: string; shape: number[]; scale: number[] }> = JSON.parse(
        await Deno.readTextFile(`${folder}/names.json`),
      );
      for (const [name, expected] of Object.entries(names)) {
        const image = await openImage({ url: `${folder}/${name}` });
        assertEquals([axesOf(image), image.info.shape], [expected.axes, expected.shape], name);
        image.info.scale.forEach((step, axis) =>
          assert(Math.abs(step / expected.scale[axis]! - 1) < 1e-6, `${name} ${step}`)
        );
        const right = new Float32Array((await Deno.readFile(`${folder}/${name}.f32`)).buffer);
        assertEquals(await readVolumes(image), right, name);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
