/** Files that nobody in their right mind would store, between almost right and noise: images and PSFs of every form, and URLs. */
import fc from "fast-check";
import { crc32c } from "shared/codec/crc32c.ts";
import { oneDirectoryTiff } from "../../tests/fixtures/one_directory_tiff.ts";
import { countedPages, long, rational, short, type TagValue, tiffOf } from "../../tests/fixtures/tiff_pages.ts";
import { zarr3Metadata } from "../../tests/fixtures/zarr3.ts";
import { mutated, NASTY, nastyText } from "./requests.ts";

/** Files of one input, and how a request names them. */
export interface FuzzDocument {
  readonly grammar: string;
  readonly role: "source" | "psf" | "output";
  /** By key below a place of their own. */
  readonly files: Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
  /** What is asked for below that place; empty for the place itself. */
  readonly name: string;
  /** Instead of a place. */
  readonly url?: string;
  /** Further members of the location. */
  readonly location: Readonly<Record<string, unknown>>;
}

const NUMBERS = [
  0,
  1,
  -1,
  2,
  3,
  0.5,
  8,
  255,
  65_535,
  65_536,
  2 ** 24,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 53 - 1,
  2 ** 53,
  1e308,
];
const number = fc.oneof({ weight: 3, arbitrary: fc.nat(40) }, { weight: 1, arbitrary: fc.constantFrom(...NUMBERS) });
const encode = (text: string) => new TextEncoder().encode(text);
const json = (value: unknown) => encode(JSON.stringify(value) ?? "");

/** Some of the bytes overwritten by numbers, or the end cut off. */
function damaged(bytes: fc.Arbitrary<Uint8Array<ArrayBuffer>>): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  const patches = fc.array(fc.tuple(fc.nat(2 ** 20), number, fc.boolean()), { maxLength: 4 });
  const end = fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, {
    weight: 1,
    arbitrary: fc.double({ min: 0, max: 1 }),
  });
  return fc.tuple(bytes, patches, end).map(([whole, changes, part]) => {
    const view = new DataView(whole.slice().buffer);
    for (const [at, value, wide] of whole.length < 8 ? [] : changes) {
      // Headers and directories of small files lie within a few hundred bytes of either end.
      const near = at % 2 === 0
        ? at % Math.min(400, whole.length - 4)
        : whole.length - 4 - at % Math.min(400, whole.length - 3);
      if (wide) view.setUint32(near, value, true);
      else view.setUint16(near, value, true);
    }
    return new Uint8Array(view.buffer, 0, Math.floor(part * whole.length)).slice();
  });
}

/** One or more of the members, however deep, are something else. */
function changed(value: unknown): fc.Arbitrary<unknown> {
  const instead = fc.oneof(
    number,
    fc.array(number, { maxLength: 6 }),
    fc.constantFrom<unknown>(
      undefined,
      null,
      true,
      [],
      {},
      [[]],
      "<u2",
      ">f8",
      "|V2",
      "bfloat16",
      "NaN",
      "zyx",
      "int64",
    ),
    fc.constantFrom("blosc", "zlib", "gzip", "zstd", "lz4", "vlen-utf8").map((id) => ({
      id,
      name: id,
      configuration: {},
    })),
    nastyText,
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom(50, 300).map((depth) => Array.from({ length: depth }).reduce((inner) => [inner], 1)),
  );
  return fc.array(fc.tuple(fc.nat(100_000), instead), { maxLength: 3 })
    .map((changes) => changes.reduce((all, [at, other]) => mutated(all, at, other), value));
}

const attribute = fc.oneof(
  { weight: 8, arbitrary: number.map(String) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("XYZCT", "XYCZT", "uint16", "float", "µm", "&#181;m", "&lt;", "1e400", "é".repeat(99)),
  },
  { weight: 1, arbitrary: fc.constantFrom(...NASTY) },
);

function element(
  name: string,
  attributes: readonly string[],
  inside: fc.Arbitrary<string> = fc.constant(""),
): fc.Arbitrary<string> {
  const stated = fc.array(fc.tuple(fc.constantFrom(...attributes), attribute), { maxLength: 6 });
  return fc.tuple(stated, inside, fc.nat(30)).map(([pairs, content, form]) => {
    const open = `<${name}${pairs.map(([key, value]) => ` ${key}="${value}"`).join("")}`;
    return form === 0
      ? open
      : form === 1
      ? `${open}>${content}`
      : content === ""
      ? `${open}/>`
      : `${open}>${content}</${name}>`;
  });
}

const uuid = element("UUID", ["FileName"], fc.constantFrom("", "urn:uuid:a", "x"));
const planes = element(
  "TiffData",
  ["IFD", "PlaneCount", "FirstZ", "FirstC", "FirstT"],
  fc.oneof(fc.constant(""), uuid),
);
const pieces = fc.oneof(
  { weight: 6, arbitrary: planes },
  element("Channel", ["ID", "Name", "Color", "SamplesPerPixel", "EmissionWavelength"]),
  element("Plane", ["TheZ", "TheC", "TheT", "PositionX", "DeltaT"]),
  fc.constantFrom(
    "<!--",
    "<![CDATA[",
    "]]>",
    "&a;",
    "<a>",
    "</a>",
    "<UUID ",
    "<?x",
    '<!DOCTYPE a [<!ENTITY a "&a;&a;">]>',
    "\0",
  ),
);
/** The same piece again and again, two million characters at the most. */
const repeated = fc.tuple(pieces, fc.constantFrom(1, 1, 1, 1, 1, 1, 30, 3000, 200_000))
  .map(([piece, times]) => piece.repeat(Math.min(times, Math.ceil(2e6 / (piece.length + 1)))));
const pixels = fc.tuple(
  fc.record({ X: number, Y: number, Z: number, C: number, T: number }),
  fc.array(repeated, { maxLength: 4 }),
  fc.boolean(),
).map(([sizes, inside, isWhole]) => {
  const stated = Object.entries({ ...sizes, ...(isWhole ? { X: 8, Y: 6, Z: sizes.Z % 2 + 1, C: 1, T: 1 } : {}) });
  const attributes = stated.map(([axis, size]) => `Size${axis}="${size}"`).join(" ");
  return `<Image><Pixels DimensionOrder="XYZCT" Type="uint16" ${attributes}>${inside.join("")}</Pixels></Image>`;
});
const omeXml = fc.array(fc.oneof({ weight: 5, arbitrary: pixels }, { weight: 1, arbitrary: repeated }), {
  minLength: 1,
  maxLength: 3,
})
  .map((images) =>
    `<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">${images.join("")}</OME>`
  );

const imageJ = fc.record({
  images: number,
  slices: number,
  channels: number,
  frames: number,
  spacing: number,
  unit: attribute,
})
  .map((facts) => `ImageJ=1.53\n${Object.entries(facts).map((pair) => pair.join("=")).join("\n")}\nhyperstack=true\n`);
const shaped = fc.array(number, { maxLength: 6 }).map((shape) => JSON.stringify({ shape }));
const description = fc.oneof(omeXml, imageJ, shaped, nastyText);

const TAGS = [
  254,
  255,
  256,
  257,
  258,
  259,
  262,
  270,
  273,
  277,
  278,
  279,
  282,
  283,
  284,
  296,
  305,
  317,
  320,
  322,
  323,
  324,
  325,
];
const tags = fc.dictionary(
  fc.constantFrom(...TAGS, 330, 338, 339, 347, 33_628, 33_629, 34_412, 50_838, 50_839, 51_123).map(String),
  fc.oneof<fc.Arbitrary<TagValue>[]>(
    fc.array(number, { maxLength: 5 }).map((numbers) => short(...numbers)),
    fc.array(number, { maxLength: 5 }).map((numbers) => long(...numbers)),
    fc.array(number, { minLength: 2, maxLength: 2 }).map((numbers) => rational(...numbers)),
    fc.constantFrom(1, 2, 5, 7, 8, 32_773, 34_712, 50_000).map((code) => short(code)),
    fc.uint8Array({ maxLength: 60 }),
    description,
  ),
  { maxKeys: 4 },
);
const pagesAndTags = fc.tuple(fc.integer({ min: 1, max: 5 }), tags).map(([pages, stated]) =>
  tiffOf(countedPages(pages, [6, 8], stated))
);
const contiguous = fc.record({
  description,
  bigEndian: fc.boolean(),
  perUnit: number,
  compression: fc.constantFrom(1, 1, 5, 8),
})
  .map((stated) => oneDirectoryTiff({ ...stated, plane: [6, 8], values: new Uint16Array(240) }).slice());
const omeTiff = fc.tuple(omeXml, fc.constantFrom(1, 1, 2, 5)).map(([text, pages]) =>
  tiffOf(countedPages(pages, [6, 8], { 270: text }))
);

const tiff = damaged(fc.oneof(pagesAndTags, contiguous)).map((bytes) => ({ "a.tif": bytes }));
const ome = omeTiff.map((bytes) => ({ "a.tif": bytes }));

const AXES = ["z", "y", "x"].map((name) => ({ name, type: "space", unit: "micrometer" }));
const coordinateTransformations = [{ type: "scale", scale: [2, 0.5, 0.5] }, {
  type: "translation",
  translation: [0, 0, 0],
}];
const multiscales = [{ version: "0.4", name: "a", axes: AXES, datasets: [{ path: "0", coordinateTransformations }] }];
const omero = {
  channels: [{ label: "a", color: "FF0000", window: { start: 0, end: 1, min: 0, max: 1 }, active: true }],
};
const SHAPE = [4, 8, 8];
const array2 = {
  ...{ zarr_format: 2, shape: SHAPE, chunks: [2, 8, 8], dtype: "<u2", compressor: null, filters: null, order: "C" },
  ...{ fill_value: 0, dimension_separator: "/" },
};
const array3 = {
  ...zarr3Metadata({ shape: SHAPE, chunk: [2, 8, 8], dtype: "uint16", values: [] }),
  dimension_names: ["z", "y", "x"],
};
const group3 = { zarr_format: 3, node_type: "group", attributes: { ome: { version: "0.5", multiscales, omero } } };
const chunk = new Uint8Array(256).fill(1);
const document = (value: unknown) =>
  fc.oneof({ weight: 12, arbitrary: changed(value).map(json) }, {
    weight: 1,
    arbitrary: damaged(changed(value).map(json)),
  });

const zarr2 = fc.tuple(document({ zarr_format: 2 }), document({ multiscales, omero }), document(array2)).map(
  ([group, attributes, array]) => ({ ".zgroup": group, ".zattrs": attributes, "0/.zarray": array, "0/0/0/0": chunk }),
);
const zarr2Array = document(array2).map((array) => ({ ".zarray": array, "0/0/0": chunk, "1/0/0": chunk }));
const zarr3 = fc.tuple(document(group3), document(array3)).map(
  ([group, array]) => ({ "zarr.json": group, "0/zarr.json": array, "0/c/0/0/0": chunk, "0/c/1/0/0": chunk }),
);
const zarr3Array = document(array3).map((array) => ({ "zarr.json": array, "c/0/0/0": chunk, "c/1/0/0": chunk }));

/** Eight chunks in a shard, whose index says something else of some. */
const shard = fc.tuple(
  fc.array(fc.tuple(fc.nat(15), fc.oneof(number, fc.constantFrom(512, 640, 64))), { maxLength: 4 }),
  fc.constantFrom<"start" | undefined>("start", undefined),
  fc.integer({ min: 0, max: 3 }),
).map(([lies, at, checksum]) => {
  const index = { ...(at === undefined ? {} : { at }), ...(checksum === 0 ? { unchecked: true as const } : {}) };
  const indexBytes = 128 + (checksum === 0 ? 0 : 4);
  const entries = Array.from(
    { length: 16 },
    (_, word) => word % 2 === 1 ? 64 : 32 * word + (at === undefined ? 0 : indexBytes),
  );
  for (const [word, value] of lies) entries[word] = Math.max(-1, Math.floor(Math.min(value, 2 ** 63)));
  const stored = new Uint8Array(512 + indexBytes).fill(1);
  const start = at === undefined ? 512 : 0;
  const view = new DataView(stored.buffer, start);
  entries.forEach((value, word) => view.setBigUint64(8 * word, BigInt.asUintN(64, BigInt(value)), true));
  if (checksum > 0) view.setUint32(128, crc32c(stored.subarray(start, start + 128)) + (checksum === 1 ? 1 : 0), true);
  const metadata = zarr3Metadata({ shape: SHAPE, chunk: SHAPE, inner: [2, 4, 4], dtype: "uint16", values: [], index });
  return { "zarr.json": json({ ...metadata, dimension_names: ["z", "y", "x"] }), "c/0/0/0": stored };
});

const psf = fc.tuple(
  fc.array(fc.oneof(fc.constantFrom(1, 3, 5, 8), number.filter((side) => side >= 1)), { minLength: 1, maxLength: 4 }),
  fc.constantFrom("float32", "float64", "uint16" as const),
  fc.constantFrom<unknown>(0, 1, -1, "NaN", "Infinity", 1e38, "0x7fc00000"),
  fc.array(fc.constantFrom(0, 0, 1, 1, 1e-40, -1, NaN, Infinity, 3e38), { minLength: 1, maxLength: 60 }),
  fc.boolean(),
).map(([shape, dtype, fill_value, values, isStored]) => {
  const voxels = shape.reduce((product, side) => product * side, 1);
  const metadata = zarr3Metadata({
    shape,
    chunk: shape,
    dtype: dtype as "float32",
    values: [],
    metadata: { fill_value },
  });
  const numbers = Float32Array.from({ length: voxels <= 2 ** 16 ? voxels : 0 }, (_, at) => values[at % values.length]!);
  const key = ["c", ...shape.map(() => 0)].join("/");
  const dimension_names = [..."czyx"].slice(-shape.length);
  return {
    "zarr.json": json({ ...metadata, dimension_names }),
    ...(isStored ? { [key]: new Uint8Array(numbers.buffer) } : {}),
  };
});

const pieceOf = (...texts: string[]) => fc.constantFrom(...texts);
const url = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc.tuple(
    pieceOf(
      "http:",
      "https:",
      "s3:",
      "gs:",
      "az:",
      "file:",
      "memory:",
      "HTTP:",
      "ftp:",
      " http:",
      "data:",
      "",
      "h\tttp:",
    ),
    pieceOf("", "/", "//", "\\\\", "///", "//u:p@", "//@"),
    pieceOf(
      "",
      "public.example",
      "127.0.0.1",
      "0x7f.1",
      "[::1]",
      "[::ffff:10.0.0.1]",
      "169.254.169.254",
      "②.example",
      "a:99999",
      "%00",
      "-",
    ),
    pieceOf(
      "",
      "/a.zarr",
      "/../../etc/passwd",
      "/%2e%2e/a",
      "/a%zz",
      "/a.tif",
      "/*.tif",
      "/a.zarr.zip",
      "/\u202e",
      "/{a,b}.tif",
    ),
    pieceOf("", "?X-Amz-Signature=a", "#a", "?a#b", "?%00", "\0", "?".repeat(99)),
  ).map((parts) => parts.join("")),
);

function documents(grammar: string, files: fc.Arbitrary<FuzzDocument["files"]>, name = ""): fc.Arbitrary<FuzzDocument> {
  const location = fc.oneof(
    { weight: 5, arbitrary: fc.constant({}) },
    changed({ axes: "zyx", path: "0" }) as fc.Arbitrary<FuzzDocument["location"]>,
  );
  const roles = grammar === "PSF" ? ["psf"] as const : ["source", "psf"] as const;
  return fc.record({
    grammar: fc.constant(grammar),
    role: fc.constantFrom(...roles),
    files,
    name: fc.constant(name),
    location,
  });
}

/** One of any grammar. */
export const fuzzDocument: fc.Arbitrary<FuzzDocument> = fc.oneof(
  documents("TIFF", tiff, "/a.tif"),
  documents("OME-XML", ome, "/a.tif"),
  documents("Zarr v2", fc.oneof(zarr2, zarr2Array)),
  documents("Zarr v3", fc.oneof(zarr3, zarr3Array)),
  documents("shard", shard),
  documents("PSF", psf),
  fc.record({
    grammar: fc.constant("URL"),
    role: fc.constantFrom("source", "psf", "output"),
    files: fc.constant({}),
    name: fc.constant(""),
    url,
    location: fc.constant({}),
  }),
);
