import { assert, assertEquals } from "@std/assert";
import type { ImageDescription } from "shared/image/describe_image.ts";
import { gridSize } from "shared/image/grid_size.ts";
import { infoSvg } from "functions/cli/draw/info_svg.ts";
import { axesOf } from "shared/image/axes.ts";
import { encodeJson } from "shared/image/zarr/json.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { oneDirectoryTiff } from "../../../fixtures/one_directory_tiff.ts";
import { writeZarr3 } from "../../../fixtures/zarr3.ts";
import { patternedVoxels, writePsf, writeZarr } from "../../sample_image.ts";
import { runCli } from "../run_cli.ts";
import { openStore } from "../../../stores.ts";

/** An OME-Zarr of two levels in shards, with channels, labels and a signature in its URL that nobody must see. */
async function sampleUrl(): Promise<string> {
  const url = memoryUrl();
  const shape = [2, 6, 20, 24];
  const values = patternedVoxels(shape);
  await writeZarr3(url, { shape, chunk: [1, 4, 16, 16], inner: [1, 2, 8, 8], dtype: "uint16", values }, "0");
  await writeZarr3(
    url,
    { shape: [2, 3, 10, 12], chunk: [1, 2, 8, 8], dtype: "uint16", values: values.subarray(720) },
    "1",
  );
  const axis = (name: string) => ({
    name,
    type: name === "c" ? "channel" : "space",
    ...(name === "c" ? {} : { unit: "micrometer" }),
  });
  const dataset = (path: string, factor: number) => ({
    path,
    coordinateTransformations: [{ type: "scale", scale: [1, 0.5 * factor, 0.1 * factor, 0.1 * factor] }],
  });
  const ome = {
    version: "0.5",
    multiscales: [{ axes: [..."czyx"].map(axis), datasets: [dataset("0", 1), dataset("1", 2)] }],
    omero: { channels: [{ label: "DAPI", color: "0000ff" }, { label: "GFP" }] },
  };
  const store = openStore(url);
  const group = (attributes: unknown) => encodeJson({ zarr_format: 3, node_type: "group", attributes });
  await store.put("zarr.json", group({ ome }));
  await store.put("labels/zarr.json", group({ ome: { labels: ["nuclei"] } }));
  return url;
}

Deno.test("info tells shape, bytes and counts of image, chunks and shards, and what else the metadata say", async () => {
  const { status, out, err } = await runCli(["info", await sampleUrl()]);
  assertEquals([status, err], [0, ""]);
  const lines = out.split("\n").slice(1).map((line) => line.trim().replace(/\s+/g, " "));
  // 2 x 3 x 3 x 3 chunks of 2 bytes a voxel, in 2 x 2 x 2 x 2 shards.
  for (
    const line of [
      "image 2 × 6 × 20 × 24 11.3 KiB 2 volumes",
      "chunk 1 × 2 × 8 × 8 256 bytes 54",
      "shard 1 × 4 × 16 × 16 2.00 KiB 16",
      "type uint16",
      "axes c z y x",
      "voxel 0.5 × 0.1 × 0.1 µm",
      "extent 3 × 2 × 2.4 µm",
      "format OME-Zarr 0.5 (Zarr v3)",
      "compression none",
      "channels DAPI (#0000FF), GFP",
      "levels 0: 2 × 6 × 20 × 24",
      "1: 2 × 3 × 10 × 12",
      "labels nuclei",
    ]
  ) assert(lines.includes(line), `${line} in\n${out}`);
});

Deno.test("--json prints one object with the same figures", async () => {
  const { out } = await runCli(["info", await sampleUrl(), "--json"]);
  const { chunks, objects, bytes, info, levels, labels } = JSON.parse(out) as ImageDescription;
  assertEquals([chunks, objects, bytes, info.dtype], [54, 16, 2 * 6 * 20 * 24 * 2, "uint16"]);
  assertEquals([levels.map(({ path }) => path), labels], [["0", "1"], ["nuclei"]]);
});

Deno.test("a TIFF tells its compression, its strips and its byte order", async () => {
  const file = await Deno.makeTempFile({ suffix: ".tif" });
  try {
    const description = "ImageJ=1.53t\nimages=3\nslices=3\nunit=um\nspacing=0.4\n";
    const values = patternedVoxels([3, 8, 9]);
    await Deno.writeFile(file, oneDirectoryTiff({ plane: [8, 9], values, description, bigEndian: true }));
    const { out } = await runCli(["info", file]);
    for (const words of ["3 × 8 × 9", "none, one strip per page, big-endian", "TIFF"]) assert(out.includes(words), out);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("an output tells how far it has come and where it came from", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const shape = [8, 12, 10];
    await writeZarr(`${folder}/a.zarr`, { shape, chunk: [4, 12, 10], values: patternedVoxels(shape) });
    await writePsf(`${folder}/psf.zarr`);
    const job = [
      ...[`${folder}/a.zarr`, `${folder}/b.zarr`, "--psf", `${folder}/psf.zarr`, "--iterations", "2"],
      ...["--backend", "cpu", "--tile", "4,12,10", "--halo", "1,2,2"],
    ];
    const hashIn = (table: string) => /^ *plan +([0-9a-f]{16})$/m.exec(table)?.[1];
    const planned = hashIn((await runCli(["plan", ...job])).out);
    await runCli(["deconvolve", ...job]);
    const finished = (await runCli(["info", `${folder}/b.zarr`])).out;
    assert(planned !== undefined);
    assertEquals(hashIn(finished), planned);
    for (const words of ["state", "finished 20", "2 iterations, on cpu", `${folder}/a.zarr`]) {
      assert(finished.includes(words), finished);
    }
    for (const key of [".clearstack/done.json", "zarr.json"]) await Deno.remove(`${folder}/b.zarr/${key}`);
    const { status, out } = await runCli(["info", `${folder}/b.zarr`]);
    assertEquals(status, 0);
    assert(out.includes("unfinished, 2 of 2 tiles"), out);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what is not there, or cannot be written to, is refused in one line", async () => {
  const url = await sampleUrl();
  for (const args of [["memory:none"], [url, "--path", "7"], [url, "--svg", "/no/such/folder/a.svg"], []]) {
    const { status, err } = await runCli(["info", ...args]);
    assertEquals([status, err.split("\n").length], [2, 2], err);
  }
});

/** A description with made-up figures, for pictures of what nobody has at hand. */
function described(names: string, shape: number[], chunkShape: number[], shardShape?: number[]): ImageDescription {
  const info = { url: "/a <b> & c.zarr", path: "0", format: "zarr3" as const, dtype: "uint16" as const, identity: "" };
  return {
    info: { ...info, shape, chunkShape, axes: axesOf(names), scale: shape.map(() => 1) },
    bytes: gridSize(shape, shape.map(() => 1)) * 2,
    chunks: gridSize(shape, chunkShape),
    objects: gridSize(shape, shardShape ?? chunkShape),
    ...(shardShape === undefined ? {} : { shardShape }),
    ...{ compression: "none", remarks: [], levels: [], labels: [] },
  };
}

const PICTURES = [
  described("yx", [3, 70000], [1, 256]),
  described("zyx", [1, 16, 16], [1, 16, 16]),
  described("zyx", [200, 2000, 2000], [16, 256, 256], [64, 1024, 1024]),
  described("zyx", [30000, 20, 10], [16, 20, 10]),
  described("tczyx", [100, 3, 2000, 20000, 20000], [1, 1, 16, 256, 256], [1, 1, 64, 2048, 2048]),
];

for (const description of PICTURES) {
  const { shape } = description.info;
  Deno.test(`an image of ${shape.join(" x ")} is drawn inside its picture, small enough to be looked at`, () => {
    const svg = infoSvg(description);
    const [width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg)!.slice(1).map(Number) as [number, number];
    assert(width < 1500 && height < 600, `${width} x ${height}`);
    for (const [, x, y, body] of svg.matchAll(/<g transform="translate\((\d+) (\d+)\)">([\s\S]*?)<\/g>/g)) {
      for (const [, px, py] of body!.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)) {
        const [left, top] = [Number(x) + Number(px), Number(y) + Number(py)];
        assert(left >= 0 && left <= width && top >= 0 && top <= height, `${left}, ${top} of ${width} x ${height}`);
      }
    }
    // A picture that takes longer to draw than to look at helps nobody: borders are thinned out.
    assert(svg.length < 40_000, `${svg.length} characters`);
    assert(svg.includes("a &lt;b&gt; &amp; c.zarr/0") && !svg.includes("<b>"));
  });
}

Deno.test("sides are drawn in proportion", () => {
  const svg = infoSvg(described("zyx", [100, 200, 400], [10, 20, 40]));
  const front = /<path class="front" d="M([^"]*)Z"/.exec(svg)![1]!.split("L").map((point) =>
    point.split(" ").map(Number)
  );
  const [width, height] = [front[1]![0]! - front[0]![0]!, front[2]![1]! - front[1]![1]!];
  assert(Math.abs(width / height - 2) < 0.01, `${width} x ${height}`);
  const lines = /<path class="chunk" d="([^"]*)"/.exec(svg)![1]!.split("M").length - 1;
  assertEquals(lines, 9 + 9 + 9);
});
