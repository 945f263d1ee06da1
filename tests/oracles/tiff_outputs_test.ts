/** TIFFs as outputs, held against what tifffile reads in them. */
import { assert, assertEquals } from "@std/assert";
import { encodeTiff } from "shared/image/tiff/write_tiff.ts";
import { readVolumes } from "../fixtures/read_whole.ts";
import { openImage } from "../stores.ts";
import { pythonTest } from "../fixtures/python.ts";
import { clearstack } from "./clearstack.ts";
import { readRaw, runOracle } from "./oracle.ts";

const NAMES = ["DAPI", "GFP \u00b5", "far red"];
const COLORS = ["0000FF", "00FF00", "FF00FF"];

/** A hyperstack and a PSF of one bright voxel, and what becomes of it. */
async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-tiff-" });
  try {
    await runOracle("hyperstack.py", "make", `${folder}/in.tif`);
    await Deno.writeFile(`${folder}/psf.tif`, encodeTiff({ shape: [1, 1, 1], values: new Float32Array([1]) }));
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

pythonTest({
  name: "tifffile reads the axes, calibration, names and colors of a hyperstack that was deconvolved in one command",
  fn: () =>
    inFolder(async (folder) => {
      const flags = ["--psf", `${folder}/psf.tif`, "--iterations", "2", "--backend", "cpu", "--quiet"];
      await clearstack("deconvolve", `${folder}/in.tif`, `${folder}/sharp.tif`, ...flags);
      await clearstack("deconvolve", `${folder}/in.tif`, `${folder}/sharp.zarr`, ...flags);
      const found = JSON.parse(await runOracle("hyperstack.py", "read", `${folder}/sharp.tif`, `${folder}/values`));
      const { resolution, ranges, ...rest } = found;
      assertEquals(rest, {
        axes: "TZCYX",
        shape: [5, 4, 3, 20, 24],
        dtype: "float32",
        ...{ big: false, imagej: true, ome: false },
        metadata: { spacing: 0.3, unit: "micron", finterval: 2.5, mode: "composite" },
        values: {},
        labels: Array.from({ length: 5 * 4 }, () => NAMES).flat(),
        info: null,
        colors: [[0, 0, 255], [0, 255, 0], [255, 0, 255]],
      });
      // The fraction of the source is exact to 1e-6.
      for (const perUnit of resolution) assert(Math.abs(perUnit * 0.104 - 1) < 2e-6, `${perUnit}`);
      assertEquals(ranges, 6);
      const zarr = await openImage({ url: `${folder}/sharp.zarr` });
      const tiff = await openImage({ url: `${folder}/sharp.tif` });
      const values = await readVolumes(zarr);
      assertEquals(await readRaw(`${folder}/values`), values);
      assertEquals(await readVolumes(tiff), values);
      const { axes, shape, dtype, channels } = zarr.info;
      const read = tiff.info;
      assertEquals([read.axes, read.shape, read.dtype, read.channels], [axes, shape, dtype, channels]);
      read.scale.forEach((side, axis) => assert(Math.abs(side / zarr.info.scale[axis]! - 1) < 1e-9, `${side}`));
      assertEquals(await names(folder), ["in.tif", "psf.tif", "sharp.tif", "sharp.zarr", "values"]);
      const info = await clearstack("info", `${folder}/sharp.tif`);
      for (const text of ["t c z y x", "0.3 × 0.104 × 0.104 µm", "far red (#FF00FF)", "2 iterations", "in.tif"]) {
        assert(info.includes(text), `${text} in ${info}`);
      }
      const again = (await clearstack("reproduce", `${folder}/sharp.tif`)).trim();
      assert(again.includes(`${folder}/sharp-again.tif`), again);
    }),
});

pythonTest({
  name: "tifffile and zarr-python read integers of an output, and what they stand for",
  fn: () =>
    inFolder(async (folder) => {
      const flags = ["--psf", `${folder}/psf.tif`, "--iterations", "2", "--backend", "cpu", "--quiet"];
      const [input, integers] = [`${folder}/in.tif`, ["--dtype", "uint16", "--range", "-10,200"]];
      await Deno.mkdir(`${folder}/zarrs`);
      await clearstack("deconvolve", input, `${folder}/floats.zarr`, ...flags);
      await clearstack(
        "deconvolve",
        input,
        `${folder}/zarrs/sharp.zarr`,
        ...flags,
        ...integers,
        "--ome-version",
        "0.4",
      );
      await clearstack("deconvolve", input, `${folder}/sharp.tif`, ...flags, ...integers);
      await clearstack("deconvolve", input, `${folder}/small.ome.tif`, ...flags, "--dtype", "uint8");
      const floats = await readVolumes(await openImage({ url: `${folder}/floats.zarr` }));
      const zarr = JSON.parse(await runOracle("read_arrays.py", `${folder}/zarrs`))["sharp.zarr"];
      const tiff = JSON.parse(await runOracle("hyperstack.py", "read", `${folder}/sharp.tif`, `${folder}/values`));
      const scale = 210 / 65535;
      assertEquals([zarr.dtype, zarr.attributes.clearstack.intensity], ["uint16", {
        scale,
        offset: -10,
        unit: "source",
      }]);
      assertEquals([tiff.dtype, tiff.imagej, tiff.values], ["uint16", true, {
        cf: 0,
        c0: -10,
        c1: scale,
        vunit: "Gray Value",
      }]);
      const stored = new Uint16Array((await Deno.readFile(`${folder}/values`)).buffer);
      assertEquals(new Uint16Array((await Deno.readFile(`${folder}/zarrs/sharp.zarr.raw`)).buffer), stored);
      stored.forEach((step, index) => {
        const off = Math.abs(scale * step - 10 - floats[index]!);
        // Half a step; values are float32, and none is above 200.
        assert(off <= 0.5 * scale + 1e-5, `${off} at ${index}`);
      });
      const ome = JSON.parse(await runOracle("hyperstack.py", "read", `${folder}/small.ome.tif`));
      assertEquals([ome.dtype, ome.ome, ome.pixels.Type], ["uint8", true, "uint8"]);
      const { intensity } = JSON.parse(await clearstack("info", `${folder}/small.ome.tif`, "--json"));
      const { scale: step, offset, unit } = ome.values;
      assertEquals({ scale: Number(step), offset: Number(offset), unit }, intensity);
      for (const output of ["zarrs/sharp.zarr", "sharp.tif"]) {
        const info = await clearstack("info", `${folder}/${output}`);
        for (const text of ["uint16", "values", "0.003204 x stored - 10 in the units of the source"]) {
          assert(info.includes(text), `${text} in ${info}`);
        }
      }
    }),
}, ["numpy", "tifffile", "zarr"]);

pythonTest({
  name: "tifffile reads the same of an OME-TIFF",
  fn: () =>
    inFolder(async (folder) => {
      await clearstack("convert", `${folder}/in.tif`, `${folder}/out.ome.tif`, "--quiet");
      const found = JSON.parse(await runOracle("hyperstack.py", "read", `${folder}/out.ome.tif`, `${folder}/values`));
      const { pixels: { PhysicalSizeY, PhysicalSizeX, ...pixels }, ...rest } = found;
      assertEquals(rest, {
        axes: "TCZYX",
        shape: [5, 3, 4, 20, 24],
        dtype: "uint16",
        ...{ big: false, imagej: false, ome: true },
        channels: NAMES.map((name, index) => [name, String(Number.parseInt(`${COLORS[index]}FF`, 16) | 0)]),
        ...{ emissions: NAMES.map(() => [null, null]), lens: {}, values: {} },
      });
      assertEquals(pixels, {
        PhysicalSizeZ: "0.3",
        ...{ PhysicalSizeZUnit: "\u00b5m", PhysicalSizeYUnit: "\u00b5m", PhysicalSizeXUnit: "\u00b5m" },
        ...{ TimeIncrement: "2.5", TimeIncrementUnit: "s", Type: "uint16" },
      });
      for (const side of [PhysicalSizeY, PhysicalSizeX]) assert(Math.abs(side / 0.104 - 1) < 2e-6, side);
      const [source, written] = [
        await openImage({ url: `${folder}/in.tif` }),
        await openImage({ url: `${folder}/out.ome.tif` }),
      ];
      const values = await readVolumes(source);
      assertEquals(await readVolumes(written), values);
      assertEquals(Float32Array.from(new Uint16Array((await Deno.readFile(`${folder}/values`)).buffer)), values);
      const { axes, shape, scale, channels } = source.info;
      const read = written.info;
      assertEquals([read.axes, read.shape, read.scale, read.channels], [axes, shape, scale, channels]);
    }),
});

pythonTest({
  name: "tifffile reads the lens and wavelengths that a job was given",
  fn: () =>
    inFolder(async (folder) => {
      const optics = ["--na", "1.2", "--index", "1.33", "--emission", "460,525,680"];
      const flags = ["--iterations", "1", "--backend", "cpu", "--quiet"];
      await clearstack("deconvolve", `${folder}/in.tif`, `${folder}/sharp.ome.tif`, ...optics, ...flags);
      const found = JSON.parse(await runOracle("hyperstack.py", "read", `${folder}/sharp.ome.tif`));
      assertEquals(found.emissions, [["460", "nm"], ["525", "nm"], ["680", "nm"]]);
      assertEquals(found.lens, { ID: "Objective:0:0", LensNA: "1.2", RefractiveIndex: "1.33" });
      assertEquals(found.channels.map(([name]: [string]) => name), NAMES);
      await clearstack("deconvolve", `${folder}/in.tif`, `${folder}/sharp.tif`, ...optics, ...flags);
      const { info } = JSON.parse(await runOracle("hyperstack.py", "read", `${folder}/sharp.tif`));
      assertEquals(info, "LensNA: 1.2\nRefractiveIndex: 1.33\nEmissionNanometres: 460,525,680\n");
    }),
});
