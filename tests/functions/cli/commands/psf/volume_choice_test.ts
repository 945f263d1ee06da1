/** PSFs that lie with others in one file. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { writeZarr3 } from "../../../../fixtures/zarr3.ts";
import { runCli } from "../../run_cli.ts";

/** Two times, three channels, of 3 x 3 x 3 voxels with the peak in the centre, whose height tells time and channel. */
async function inFolder(test: (path: (name: string) => string) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-psfs-" });
  const path = (name: string) => `${folder}/${name}`;
  try {
    const shape = [2, 3, 3, 3, 3];
    const values = new Float32Array(162);
    for (let volume = 0; volume < 6; volume++) values[27 * volume + 13] = 10 + volume;
    const attributes = { omero: { channels: [{ label: "DAPI" }, { label: "GFP" }, { label: "red" }] } };
    const multiscales = [{ axes: [..."tczyx"].map((name) => ({ name })), datasets: [{ path: "0" }] }];
    await Deno.mkdir(path("psfs.zarr"));
    await Deno.writeTextFile(
      path("psfs.zarr/zarr.json"),
      JSON.stringify({ zarr_format: 3, node_type: "group", attributes: { ...attributes, multiscales } }),
    );
    await writeZarr3(path("psfs.zarr/0"), { shape, chunk: shape, dtype: "float32", values });
    await test(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("inspect takes the channel and the time point that are asked for, by index or by name", async () => {
  await inFolder(async (path) => {
    const { status, err } = await runCli(["psf", "inspect", path("psfs.zarr")]);
    assertEquals(status, 2);
    assertStringIncludes(
      err,
      "has more than one volume: choose one of 2 time points with --time 0 to 1, and one of 3 channels (0 (DAPI), 1 (GFP), " +
        "2 (red)) with --channel\n",
    );
    for (const channel of ["2", "red"]) {
      const { out } = await runCli([
        "psf",
        "inspect",
        path("psfs.zarr"),
        "--channel",
        channel,
        "--time",
        "1",
        "--json",
      ]);
      assertEquals(JSON.parse(out).max, 15);
    }
    const missing = await runCli(["psf", "inspect", path("psfs.zarr"), "--channel", "blue", "--time", "0"]);
    assertStringIncludes(missing.err, "there is no channel blue: choose from 0 (DAPI), 1 (GFP), 2 (red)");
    const late = await runCli(["psf", "inspect", path("psfs.zarr"), "--channel", "0", "--time", "2"]);
    assertStringIncludes(late.err, "has no time point 2: the last one is 1");
  });
});

for (
  const [task, ...flags] of [["crop", "--shape", "1,3,3"], ["plane"], ["resample"], ["average"]] as const
) {
  Deno.test(`psf ${task} takes one volume of a file of several`, async () => {
    await inFolder(async (path) => {
      const inputs = task === "average" ? [path("psfs.zarr"), path("psfs.zarr")] : [path("psfs.zarr")];
      // By the metadata of the group, which names channels, and without them.
      for (const [name, ...choice] of [["a.tif", "--channel", "GFP"], ["b.tif", "--channel", "1", "--path", "0"]]) {
        const made = await runCli([
          "psf",
          task,
          ...inputs,
          path(name!),
          ...flags,
          ...choice,
          "--time",
          "0",
          "--axes",
          "tczyx",
        ]);
        assertEquals([made.status, made.err], [0, ""]);
      }
      const wrong = await runCli(["psf", task, ...inputs, path("third.tif"), ...flags, "--time", "0"]);
      assertEquals(wrong.status, 2);
      assert(wrong.err.includes("choose one of 3 channels"), wrong.err);
    });
  });
}

Deno.test("a pair of numbers is refused where the PSF has z", async () => {
  await inFolder(async (path) => {
    const choice = ["--channel", "0", "--time", "0"];
    for (
      const [args, told] of [
        [["crop", path("psfs.zarr"), path("out.tif"), "--shape", "3,3"], "write --shape Z,3,3 with a number for Z"],
        [["inspect", path("psfs.zarr"), "--voxel", "0.1,0.1"], "write --voxel Z,0.1,0.1 with a number for Z"],
        [["resample", path("psfs.zarr"), path("out.tif"), "--psf-voxel", "0.1,0.1"], "write --psf-voxel Z,0.1,0.1"],
        [["resample", path("psfs.zarr"), path("out.tif"), "--voxel", "0.1,0.1"], "write --voxel Z,0.1,0.1"],
      ] as const
    ) {
      const { status, err } = await runCli(["psf", ...args, ...choice]);
      assertEquals(status, 2, err);
      assertStringIncludes(err, told);
    }
  });
});

Deno.test("a job takes the PSF of a time point and of a channel by its name", async () => {
  await inFolder(async (path) => {
    const voxels = new Float32Array(4 * 6 * 6).fill(1);
    await writeZarr3(path("image.zarr"), { shape: [4, 6, 6], chunk: [4, 6, 6], dtype: "float32", values: voxels });
    const job = ["deconvolve", path("image.zarr"), path("out.zarr"), "--psf", path("psfs.zarr"), "--backend", "cpu"];
    const { err } = await runCli([...job, "--psf-channel", "GFP"]);
    assertStringIncludes(err, "has more than one volume: choose one of 2 time points with --psf-time 0 to 1\n");
    const { status, err: said } = await runCli([
      ...job,
      "--psf-channel",
      "GFP",
      "--psf-time",
      "1",
      "--iterations",
      "1",
    ]);
    assertEquals(status, 0, said);
    const { words } = JSON.parse((await runCli(["reproduce", path("out.zarr"), "--json"])).out);
    assertEquals(words.slice(words.indexOf("--psf-channel")).slice(0, 4), ["--psf-channel", "GFP", "--psf-time", "1"]);
  });
});
