/** Whatever is wrong with what a user gives: exit status 2, one clear line, nothing written. */
import { assert, assertEquals } from "@std/assert";
import { patternedVoxels, writePsf, writeZarr } from "../sample_image.ts";
import { besideWarnings, exists, runCli } from "./run_cli.ts";
import { openStore } from "../../stores.ts";

const SHAPE = [12, 20, 24];
const CHUNK = [6, 10, 12];

const folder = await Deno.makeTempDir({ prefix: "clearstack-bad-input-" });
const path = (name: string) => `${folder}/${name}`;
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

await writeZarr(path("image.zarr"), { shape: SHAPE, chunk: CHUNK, values: patternedVoxels(SHAPE) });
await writePsf(path("psf.zarr"));

/** Writes a Zarr v3 node of metadata alone. */
async function writeMetadata(name: string, metadata: unknown, file = "zarr.json"): Promise<void> {
  await openStore(path(name)).put(file, new TextEncoder().encode(JSON.stringify(metadata)));
}

async function arrayMetadata(changes: Record<string, unknown>) {
  return { ...JSON.parse(await Deno.readTextFile(path("image.zarr/zarr.json"))), ...changes };
}

async function writeImageOf(name: string, change: (values: Float32Array) => void): Promise<void> {
  const values = Float32Array.from(patternedVoxels(SHAPE));
  change(values);
  await writeZarr(path(name), { shape: SHAPE, chunk: CHUNK, values });
}

async function writePsfOf(name: string, value: (index: number) => number): Promise<void> {
  const values = Float32Array.from({ length: 27 }, (_, index) => value(index));
  await writeZarr(path(name), { shape: [3, 3, 3], chunk: [3, 3, 3], values });
}

/** What is wrong, how to make it, what of the command line changes, and what the message must say. */
interface BadInput {
  readonly what: string;
  readonly make?: () => Promise<unknown>;
  readonly source?: string;
  readonly psf?: string;
  readonly output?: string;
  readonly flags?: readonly string[];
  readonly words: readonly string[];
}

const BAD_INPUTS: readonly BadInput[] = [
  { what: "a source that is missing", source: "none.zarr", words: ["none.zarr"] },
  {
    what: "a source that is a text file",
    make: () => Deno.writeTextFile(path("notes.txt"), "not an image"),
    source: "notes.txt",
    words: ["notes.txt"],
  },
  {
    what: "a source that is an empty folder",
    make: () => Deno.mkdir(path("empty")),
    source: "empty",
    words: ["empty"],
  },
  {
    what: "a group without an array",
    make: () => writeMetadata("group.zarr", { zarr_format: 3, node_type: "group", attributes: {} }),
    source: "group.zarr",
    words: ["group.zarr", "array"],
  },
  {
    what: "metadata that are not JSON",
    make: () => openStore(path("broken.zarr")).put("zarr.json", new TextEncoder().encode("{")),
    source: "broken.zarr",
    words: ["zarr.json"],
  },
  {
    what: "complex elements",
    make: async () =>
      writeMetadata("complex.zarr", await arrayMetadata({ data_type: "complex64", fill_value: [0, 0] })),
    source: "complex.zarr",
    words: ["complex64"],
  },
  {
    what: "string elements",
    make: () =>
      writeMetadata("string.zarr", {
        zarr_format: 2,
        shape: SHAPE,
        chunks: CHUNK,
        dtype: "<U5",
        compressor: null,
        fill_value: "",
        order: "C",
        filters: null,
      }, ".zarray"),
    source: "string.zarr",
    words: ["<U5"],
  },
  {
    what: "an image of one axis",
    make: () => writeZarr(path("line.zarr"), { shape: [9], chunk: [9], values: patternedVoxels([9]) }),
    source: "line.zarr",
    words: ["line.zarr"],
  },
  {
    what: "an image of six axes",
    make: async () =>
      writeMetadata(
        "six.zarr",
        await arrayMetadata({
          shape: [1, 1, 1, 8, 8, 8],
          chunk_grid: { name: "regular", configuration: { chunk_shape: [1, 1, 1, 8, 8, 8] } },
          dimension_names: undefined,
        }),
      ),
    source: "six.zarr",
    words: ["six.zarr", "axes"],
  },
  { what: "an image as its own PSF", psf: "image.zarr", words: ["image itself", "--na"] },
  {
    what: "a link to the image as its PSF",
    make: () => Deno.symlink(path("image.zarr"), path("link.zarr")),
    psf: "link.zarr",
    words: ["image itself", "link.zarr"],
  },
  { what: "a PSF that is missing", psf: "none.tif", words: ["none.tif"] },
  {
    what: "an empty PSF",
    make: () => Deno.writeFile(path("empty.tif"), new Uint8Array()),
    psf: "empty.tif",
    words: ["empty.tif"],
  },
  {
    what: "a PSF without voxels",
    make: async () => writeMetadata("void.zarr", await arrayMetadata({ shape: [0, 3, 3] })),
    psf: "void.zarr",
    words: ["void.zarr"],
  },
  { what: "a PSF of zeros", make: () => writePsfOf("zeros.zarr", () => 0), psf: "zeros.zarr", words: ["zero"] },
  {
    what: "a PSF of negative sum",
    make: () => writePsfOf("negative.zarr", (i) => i - 20),
    psf: "negative.zarr",
    words: ["negative"],
  },
  {
    what: "a PSF with NaN",
    make: () => writePsfOf("nan.zarr", (i) => i === 5 ? NaN : 1),
    psf: "nan.zarr",
    words: ["NaN"],
  },
  {
    what: "a PSF larger than a period of the image",
    make: () =>
      writeZarr(path("large.zarr"), {
        ...{ shape: [15, 3, 3], chunk: [15, 3, 3], axes: ["z", "y", "x"], values: new Float32Array(135).fill(1) },
      }),
    psf: "large.zarr",
    flags: ["--boundary", "periodic", "--halo", "0,0,0"],
    words: ["PSF", "12", "period"],
  },
  ...["0", "-1", "1.5", "many"].map((count) => ({
    what: `${count} iterations`,
    flags: ["--iterations", count],
    words: [`--iterations "${count}"`, "whole number"],
  })),
  ...["32,64", "0,8,8", "a,b,c", "8"].map((tile) => ({
    what: `the tile ${tile}`,
    flags: ["--tile", tile],
    words: [`--tile "${tile}"`, "Z,Y,X"],
  })),
  ...["8,8", "-1,8,8", "a,b,c"].map((halo) => ({
    what: `the halo ${halo}`,
    flags: ["--halo", halo],
    words: [`--halo "${halo}"`, "Z,Y,X"],
  })),
  { what: "an unknown boundary", flags: ["--boundary", "mirror"], words: ['--boundary "mirror"', "symmetric"] },
  { what: "an unknown backend", flags: ["--backend", "cuda"], words: ['--backend "cuda"', "webgpu"] },
  { what: "an unknown flag", flags: ["--tiles", "8,8,8"], words: ["--tiles"] },
  { what: "a flag without its value", flags: ["--tile"], words: ["--tile", "value"] },
  { what: "a memory budget that is no size", flags: ["--memory", "lots"], words: ['--memory "lots"', "GiB"] },
  { what: "a memory budget that is too small", flags: ["--memory", "8MiB"], words: ["8.00 MiB", "at least"] },
  {
    what: "NaN in the image",
    make: () => writeImageOf("nan-image.zarr", (v) => v[777] = NaN),
    source: "nan-image.zarr",
    words: ["NaN"],
  },
  {
    what: "an infinity in the image",
    make: () => writeImageOf("infinite.zarr", (v) => v[777] = Infinity),
    source: "infinite.zarr",
    words: ["infinite"],
  },
  {
    what: "a truncated chunk",
    make: async () => {
      await writeImageOf("short.zarr", () => {});
      await Deno.truncate(path("short.zarr/c/1/1/1"), 100);
    },
    source: "short.zarr",
    words: ["c/1/1/1"],
  },
  {
    what: "an output below a file",
    make: () => Deno.writeTextFile(path("plain"), ""),
    output: "plain/out.zarr",
    words: ["plain/out.zarr"],
  },
  { what: "an output over HTTP", output: "http://127.0.0.1:9/out.zarr", words: ["127.0.0.1"] },
  { what: "an output inside the source", output: "image.zarr/out.zarr", words: ["source"] },
  { what: "an output of an unknown scheme", output: "gopher://x/out.zarr", words: ["gopher"] },
  { what: "an axis order that cannot be", flags: ["--axes", "xyz"], words: ['--axes "xyz"', "tczyx"] },
  { what: "an array that the group does not have", flags: ["--path", "nothing"], words: ["nothing"] },
];

for (
  const { what, make, source = "image.zarr", psf = "psf.zarr", output = "out.zarr", flags = [], words } of BAD_INPUTS
) {
  Deno.test(`${what}: exit status 2, one line, nothing written`, async () => {
    await make?.();
    const target = output.includes("://") ? output : path(output);
    const args = [path(source), target, "--psf", path(psf), "--backend", "cpu", "--iterations", "2"];
    const all = flags.includes("--iterations") || flags.includes("--backend")
      ? [...args.slice(0, 4), ...(flags.includes("--backend") ? [] : ["--backend", "cpu"]), ...flags]
      : [...args, ...flags];
    const { status, out, err } = await runCli(["deconvolve", ...all]);
    assertEquals([status, out], [2, ""], err);
    assert(/^clearstack: [^\n]+\n$/.test(besideWarnings(err)), err);
    for (const word of words) assert(err.includes(word), `${JSON.stringify(word)} is not in: ${err}`);
    assertEquals(await exists(target), false, "something was written");
  });
}

Deno.test("an output that exists is refused with the ways out, and stays as it is", async () => {
  const args = [
    path("image.zarr"),
    path("done.zarr"),
    "--psf",
    path("psf.zarr"),
    "--backend",
    "cpu",
    "--iterations",
    "2",
  ];
  assertEquals((await runCli(["deconvolve", ...args])).status, 0);
  const before = await Deno.readTextFile(path("done.zarr/.clearstack/done.json"));
  const { status, err } = await runCli(["deconvolve", ...args]);
  assertEquals(status, 2);
  assert(/^clearstack: [^\n]*--resume[^\n]*--overwrite[^\n]*\n$/.test(err), err);
  assertEquals(await Deno.readTextFile(path("done.zarr/.clearstack/done.json")), before);
});

Deno.test("a folder that is not ours is never overwritten, not even when asked", async () => {
  await Deno.mkdir(path("photos"));
  await Deno.writeTextFile(path("photos/holiday.txt"), "mine");
  for (const flag of ["--overwrite", "--resume"]) {
    const { status } = await runCli([
      "deconvolve",
      path("image.zarr"),
      path("photos"),
      "--psf",
      path("psf.zarr"),
      ...["--backend", "cpu", flag],
    ]);
    assertEquals(status, 2);
  }
  assertEquals(await Deno.readTextFile(path("photos/holiday.txt")), "mine");
});
