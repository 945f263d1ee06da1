import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { createRandom } from "functions/cli/demo/sample/random.ts";
import { writeVolume } from "functions/cli/demo/sample/write_volume.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { voxelCount } from "shared/volume/geometry.ts";
import { exists, runCli } from "../../run_cli.ts";
import { loadPsf, openStore } from "../../../../stores.ts";

/** A folder for the files of one test. */
async function inFolder(test: (path: (name: string) => string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test((name) => `${folder}/${name}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Two voxels, one after the other in time. */
async function writeTwoTimes(url: string): Promise<void> {
  const metadata = {
    zarr_format: 3,
    node_type: "array",
    shape: [2, 1, 1, 1],
    data_type: "uint8",
    chunk_grid: { name: "regular", configuration: { chunk_shape: [2, 1, 1, 1] } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    codecs: [{ name: "bytes" }],
    fill_value: 0,
    dimension_names: ["t", "z", "y", "x"],
  };
  await openStore(url).put("c/0/0/0/0", new Uint8Array([1, 2]));
  await openStore(url).put("zarr.json", new TextEncoder().encode(JSON.stringify(metadata)));
}

/** Runs `psf` and reads the object it prints. */
async function psfJson(...args: string[]) {
  const { status, out, err } = await runCli(["psf", ...args, "--json"]);
  assertEquals(status, 0, err);
  return JSON.parse(out);
}

const LENS = ["--na", "1.2", "--emission", "520", "--index", "1.33"];

Deno.test("a generated PSF is read back as it was described, from TIFF and from Zarr", async () => {
  await inFolder(async (path) => {
    for (const name of ["psf.tif", "psf.zarr"]) {
      const args = ["--model", "gibson-lanni", ...LENS, "--voxel", "0.2,0.1,0.08", "--shape", "9,15,21"];
      const made = await psfJson("generate", path(name), ...args);
      const seen = await psfJson("inspect", path(name), ...LENS);
      assertEquals(seen.shape, [9, 15, 21]);
      // TIFF holds voxels per micrometre in millionths.
      seen.voxelMicrometre.forEach((side: number, axis: number) => {
        assertAlmostEquals(side, [0.2, 0.1, 0.08][axis]!, 1e-7);
      });
      assertEquals(seen.brightestVoxel, [4, 7, 10]);
      // Widths of float32 values, 6e-8 of the peak, over a slope of a tenth per voxel at least.
      seen.fwhmVoxels.forEach((width: number, axis: number) => assertAlmostEquals(width, made.fwhmVoxels[axis], 2e-6));
      assertEquals(seen.warnings, made.warnings);
      const { volume } = await loadPsf({ url: path(name) });
      assertAlmostEquals(volume.values.reduce((sum, value) => sum + value, 0), 1, 1e-5);
    }
  });
});

Deno.test("a PSF takes its voxel size from the image it is for, and has no planes if the image has none", async () => {
  await inFolder(async (path) => {
    const values = new Float32Array(8 * 8 * 8);
    await writeVolume(openStore(path("image.zarr")), {
      name: "image",
      shape: [8, 8, 8],
      voxelMicrometre: [0.3, 0.11, 0.12],
      values,
    });
    const like = ["--like", path("image.zarr")];
    const made = await psfJson("generate", path("psf.zarr"), "--model", "gaussian", "--fwhm", "0.9,0.4,0.4", ...like);
    assertEquals(made.voxelMicrometre, [0.3, 0.11, 0.12]);
    made.fwhmMicrometre.forEach((width: number, axis: number) => {
      const [true_, side] = [[0.9, 0.4, 0.4][axis]!, [0.3, 0.11, 0.12][axis]!];
      // Mean over a voxel adds side^2 / 12 to the variance; at 1.3 voxels of deviation interpolation is good to 1 %.
      assertAlmostEquals(width / Math.sqrt(true_ ** 2 + side ** 2 / 12 * 2.3548 ** 2), 1, 0.01);
    });
    const flat = await psfJson("generate", path("flat.tif"), "--model", "born-wolf", ...LENS, "--voxel", "0.1,0.1");
    assertEquals(flat.shape[0], 1);
    assertEquals((await loadPsf({ url: path("flat.tif") })).info.shape, flat.shape);
  });
});

Deno.test("beads in an image become a PSF that fits another image's voxels", async () => {
  await inFolder(async (path) => {
    await writeBeads(path("beads.zarr"));
    const args = ["--bead-distance", "2", "--shape", "17,15,15", "--radial-average", "--picture", path("psf.png")];
    const made = await psfJson("from-beads", path("beads.zarr"), path("psf.tif"), ...args);
    assertEquals(made.beads.used, 9);
    assertEquals(made.beads.left, { crowded: 0, atEdge: 0, saturated: 0, unlike: 0 });
    // Sampled Gaussians of 2 voxels; nine beads of 2,000 counts at the peak know their width to a percent.
    made.fwhmVoxels.forEach((width: number) => assertAlmostEquals(width / (2.3548 * 2), 1, 0.02));
    const png = await Deno.readFile(path("psf.png"));
    assertEquals([...png.subarray(1, 4)], [...new TextEncoder().encode("PNG")]);

    const finer = await psfJson("resample", path("psf.tif"), path("fine.zarr"), "--voxel", "0.1,0.1,0.1");
    // 17 planes of 0.2 reach 1.7 to either side: 35 of 0.1 are the odd number that covers them.
    assertEquals(finer.shape, [35, 15, 15]);
    // Means over 0.2 micrometres become means over 0.1: variance 4 - 1 / 12 + 1 / 48 in old voxels.
    assertAlmostEquals(finer.fwhmMicrometre[0] / (0.2 * 2.3548 * Math.sqrt(4 - 1 / 12 + 1 / 48)), 1, 0.02);

    const average = await psfJson(
      "average",
      path("psf.tif"),
      path("psf.tif"),
      path("mean.tif"),
      "--crop-energy",
      "0.99",
    );
    assert(average.shape.every((side: number, axis: number) => side <= [17, 15, 15][axis]!));
  });
});

/** Nine beads of deviation 2 voxels on a level of 100, with photon noise. */
async function writeBeads(url: string): Promise<void> {
  const random = createRandom(11);
  const shape: Vec3 = [32, 96, 96];
  const centres = Array.from({ length: 9 }, (_, i) => [
    16 + random.uniform(),
    20 + 28 * Math.floor(i / 3) + random.uniform(),
    20 + 28 * (i % 3) + random.uniform(),
  ]);
  const values = new Uint16Array(voxelCount(shape));
  for (let i = 0; i < values.length; i++) {
    const at = [Math.floor(i / (96 * 96)), Math.floor(i / 96) % 96, i % 96];
    const light = centres.reduce((sum, centre) => {
      const squares = centre.reduce((total, position, axis) => total + (at[axis]! - position) ** 2, 0);
      return sum + (squares < 200 ? Math.exp(-squares / 8) : 0);
    }, 0);
    values[i] = random.poisson(100 + 2000 * light);
  }
  await writeVolume(openStore(url), { name: "beads", shape, voxelMicrometre: [0.2, 0.1, 0.1], values });
}

Deno.test("what exists is kept unless it may be overwritten, and a folder of other things even then", async () => {
  await inFolder(async (path) => {
    const args = (name: string) => [
      ...["psf", "generate", path(name), "--model", "gaussian"],
      ...["--fwhm", "0.5,0.5,0.5", "--voxel", "0.1,0.1,0.1"],
    ];
    for (const name of ["psf.tif", "psf.zarr"]) {
      assertEquals((await runCli(args(name))).status, 0);
      const refused = await runCli(args(name));
      assertEquals(refused.status, 2);
      assert(/exists: .*--overwrite\n$/.test(refused.err), refused.err);
      assertEquals((await runCli([...args(name), "--overwrite"])).status, 0);
    }
    await Deno.mkdir(path("other.zarr"));
    await Deno.writeTextFile(path("other.zarr/thesis.txt"), "dear");
    const foreign = await runCli([...args("other.zarr"), "--overwrite"]);
    assertEquals(foreign.status, 2);
    assert(foreign.err.includes("is no Zarr"), foreign.err);
    assertEquals(await Deno.readTextFile(path("other.zarr/thesis.txt")), "dear");
  });
});

Deno.test("a PSF is cropped about its centre, and one plane or the sum of all is taken of it", async () => {
  await inFolder(async (path) => {
    const size = ["--voxel", "0.2,0.1,0.1"];
    await psfJson(
      "generate",
      path("psf.tif"),
      "--model",
      "gaussian",
      "--fwhm",
      "0.6,0.3,0.3",
      ...size,
      "--shape",
      "9,12,11",
    );
    const whole = await psfJson("inspect", path("psf.tif"));
    const part = await psfJson("crop", path("psf.tif"), path("part.tif"), "--shape", "5,7,7");
    assertEquals([part.shape, part.brightestVoxel], [[5, 7, 7], [2, 3, 3]]);
    // The peak holds more of the light that is left.
    assertAlmostEquals(part.max * part.keptLight, whole.max, 1e-6 * whole.max);
    const plane = await psfJson("plane", path("psf.tif"), path("plane.zarr"));
    assertEquals([plane.shape, plane.brightestVoxel], [[1, 12, 11], [0, 6, 5]]);
    const sum = await psfJson("plane", path("psf.tif"), path("sum.zarr"), "--take", "project");
    assertAlmostEquals(sum.keptLight, 1, 1e-12);
    // A Gaussian is the same in every plane.
    assertAlmostEquals(sum.max / plane.max, 1, 1e-5);
    const { status, err } = await runCli(["psf", "crop", path("psf.tif"), path("no.tif"), "--shape", "5,13,7"]);
    assertEquals([status, /more than the PSF has: 9,12,11/.test(err)], [2, true]);
  });
});

Deno.test("wrong arguments are refused in one line that says how to mend them, and nothing is written", async () => {
  await inFolder(async (path) => {
    const refused = async (args: string[], text: RegExp) => {
      const { status, out, err } = await runCli(["psf", ...args]);
      assertEquals(status, 2, err);
      assertEquals(out, "");
      assertEquals(err.split("\n").length, 2, err);
      assert(text.test(err), err);
    };
    const generate = (...args: string[]) => ["generate", path("out.tif"), ...args];
    const voxel = ["--voxel", "0.2,0.1,0.1"];
    await refused([], /expected one of generate, inspect, resample, average, from-beads/);
    await refused(["sharpen"], /"sharpen" is no task/);
    await refused(["generate", path("out.png"), "--model", "gaussian"], /must end in \.tif, \.tiff or \.zarr/);
    await refused(generate(...voxel), /--model is missing/);
    await refused(generate("--model", "airy", ...voxel), /--model "airy": expected one of gaussian, born-wolf/);
    await refused(generate("--model", "gaussian", "--fwhm", "1,1,1"), /--voxel is missing/);
    await refused(generate("--model", "gaussian", ...voxel), /--fwhm is missing/);
    await refused(
      generate("--model", "born-wolf", "--na", "1.4", ...voxel),
      /--emission, --index are missing: expected the emission wavelength .*; the refractive index/,
    );
    await refused(
      generate("--model", "gibson-lanni", "--na", "1.4", ...LENS.slice(2), ...voxel),
      /higher index than 1\.4/,
    );
    await refused(
      generate("--model", "gibson-lanni", "--na", "1.2", "--emission", "0.52", "--index", "1.33", ...voxel),
      /write 520/,
    );
    await refused(
      generate("--model", "born-wolf", ...LENS, "--depth", "5", ...voxel),
      /--depth means nothing to .*born-wolf/,
    );
    await refused(
      generate("--model", "gibson-lanni", ...LENS, "--pinhole", "1", ...voxel),
      /--pinhole goes with --confocal/,
    );
    await refused(generate("--model", "light-sheet", ...LENS, ...voxel), /--sheet is missing/);
    await refused(generate("--model", "born-wolf", ...LENS, "--voxel", "200,100,100"), /write 0\.2,0\.1,0\.1/);
    await refused(generate("--model", "born-wolf", ...LENS, ...voxel, "--shape", "0,5,5"), /--shape "0,5,5"/);
    await refused(generate("--model", "born-wolf", ...LENS, ...voxel, "--like", "x.zarr"), /leave one out/);
    await writeTwoTimes(path("times.zarr"));
    await refused(
      ["inspect", path("times.zarr")],
      /has more than one volume: choose one of 2 time points with --time 0 to 1$/m,
    );
    await refused(
      ["from-beads", path("times.zarr"), path("out.tif"), "--bead-distance", "4"],
      /has more than one volume: choose one of 2 time points with --time 0 to 1$/m,
    );
    await refused(["inspect", path("none.tif")], /does not exist|not found|no such/i);
    await refused(["from-beads", path("none.zarr"), path("out.tif")], /--bead-distance is missing/);
    await refused(["average", path("one.tif"), path("out.tif")], /OUTPUT is missing/);
    await refused(["crop", "a.tif", path("out.tif")], /--shape is missing/);
    await refused(
      ["plane", "a.tif", path("out.tif"), "--take", "best"],
      /--take "best": expected one of focus, project/,
    );
    await refused(["resample", "a.tif", path("out.tif"), "--crop-energy", "99.9"], /above 0 and at most 1/);
    assertEquals(await exists(path("out.tif")), false);
  });
});
