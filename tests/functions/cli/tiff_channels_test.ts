import { assertEquals } from "@std/assert";
import { oneDirectoryTiff } from "../../fixtures/one_directory_tiff.ts";
import { readVolumes } from "../../fixtures/read_whole.ts";
import { patternedVoxels, writePsf, writeZarr } from "../sample_image.ts";
import { besideWarnings, runCli } from "./run_cli.ts";
import { openImage } from "../../stores.ts";

Deno.test("a TIFF of two channels is deconvolved to what the same image as Zarr is deconvolved to", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const shape = [2, 8, 12, 10];
    const [channels, planes, page] = [2, 8, 12 * 10];
    const values = patternedVoxels(shape);
    await writeZarr(`${folder}/image.zarr`, { shape, chunk: [1, 4, 12, 10], values });
    await writePsf(`${folder}/psf.zarr`);
    // ImageJ interleaves channels.
    const interleaved = new Uint16Array(values.length);
    for (let c = 0; c < channels; c++) {
      for (let z = 0; z < planes; z++) {
        const from = (c * planes + z) * page;
        interleaved.set(values.subarray(from, from + page), (z * channels + c) * page);
      }
    }
    const description = "ImageJ=1.53t\nimages=16\nchannels=2\nslices=8\nhyperstack=true\nunit=um\nspacing=0.4\n";
    await Deno.writeFile(
      `${folder}/image.tif`,
      oneDirectoryTiff({ plane: [12, 10], values: interleaved, description, bigEndian: true, perUnit: 8 }),
    );
    for (const name of ["image.tif", "image.zarr"]) {
      const { status, err } = await runCli([
        ...["deconvolve", `${folder}/${name}`, `${folder}/${name}.out.zarr`, "--psf", `${folder}/psf.zarr`],
        ...["--iterations", "2", "--backend", "cpu", "--tile", "8,12,10"],
      ]);
      assertEquals([status, besideWarnings(err)], [0, ""]);
    }
    const sharp = await openImage({ url: `${folder}/image.tif.out.zarr` });
    assertEquals([sharp.info.shape, sharp.info.axes.map((axis) => axis.name).join("")], [shape, "czyx"]);
    assertEquals([sharp.info.scale, sharp.info.axes[1]!.unit], [[1, 0.4, 0.125, 0.125], "micrometer"]);
    assertEquals(
      await readVolumes(sharp),
      await readVolumes(await openImage({ url: `${folder}/image.zarr.out.zarr` })),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
