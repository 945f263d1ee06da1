import { assert, assertEquals, assertRejects } from "@std/assert";
import { JOB_FLAGS, jobRequest } from "functions/cli/job_arguments.ts";
import { parseArguments } from "functions/cli/parse_arguments.ts";
import { ClearstackError } from "shared/errors.ts";
import { patternedVoxels, writeZarr } from "../sample_image.ts";

async function requestFrom(line: string, source = "in.zarr") {
  const args = parseArguments(line === "" ? [] : line.split(" "), { usage: "job", positionals: [], flags: JOB_FLAGS });
  return await jobRequest(args, source, "out.zarr");
}

Deno.test("without flags the contract's defaults hold", async () => {
  assertEquals(await requestFrom("--psf psf.tif"), {
    source: { url: "in.zarr" },
    psf: { url: "psf.tif" },
    output: { url: "out.zarr", ifExists: "fail" },
    algorithm: {
      ...{
        iterations: 20,
        boundary: "symmetric",
        boundaryValue: 0,
        acceleration: "none",
        start: "data",
        background: 0,
      },
      ...{ totalVariation: 0, backProjector: "matched", dampingSigmas: 0, saturation: "off", stop: "fixed", seed: 0 },
      otfPrecision: "float32",
    },
    tiling: { tile: "auto", halo: "auto" },
    backend: "auto",
    seamCheck: "auto",
  });
});

Deno.test("every flag reaches the request", async () => {
  const line = "--psf p --iterations 7 --tile 32,64,128 --halo 0,8,9 --boundary constant --boundary-value -1.5e2 " +
    "--acceleration biggs --start flat --background 12.5 --tv 0.002 --back-projector wiener-butterworth --damping 3 " +
    "--otf-precision float16 " +
    "--saturation 4095 --stop divergence --stop-tolerance 1e-4 --photons-per-unit 0.46 --seed 7 --backend cpu --memory 2GiB --seam-check 3 --path a/b --psf-path c --axes tczyx --overwrite";
  assertEquals(await requestFrom(line), {
    source: { url: "in.zarr", path: "a/b", axes: "tczyx" },
    psf: { url: "p", path: "c" },
    output: { url: "out.zarr", ifExists: "overwrite" },
    algorithm: {
      ...{ iterations: 7, boundary: "constant", boundaryValue: -150, acceleration: "biggs", start: "flat" },
      ...{ background: 12.5, totalVariation: 0.002, backProjector: "wiener-butterworth", dampingSigmas: 3 },
      otfPrecision: "float16",
      ...{ saturation: 4095, stop: "divergence", stopTolerance: 1e-4, photonsPerUnit: 0.46, seed: 7 },
    },
    tiling: { tile: [32, 64, 128], halo: [0, 8, 9] },
    backend: "cpu",
    memoryBytes: 2 ** 31,
    seamCheck: 3,
  });
});

Deno.test("resume says to accept a finished output", async () => {
  assertEquals((await requestFrom("--psf p --resume")).output.ifExists, "resume");
});

Deno.test("a pair stands for y and x of a 2-D image", async () => {
  await writeZarr("memory:pair-2d", { shape: [20, 20], chunk: [10, 10], values: patternedVoxels([20, 20]) });
  const { tiling } = await requestFrom("--psf p --tile 8,16 --halo 2,3", "memory:pair-2d");
  assertEquals(tiling, { tile: [1, 8, 16], halo: [0, 2, 3] });
});

Deno.test("a pair is refused for an image that has z", async () => {
  await writeZarr("memory:pair-3d", { shape: [4, 8, 8], chunk: [4, 8, 8], values: patternedVoxels([4, 8, 8]) });
  await assertRejects(() => requestFrom("--psf p --tile 32,64", "memory:pair-3d"), ClearstackError, '--tile "32,64"');
});

for (
  const [line, flag, form] of [
    ["--iterations 0", '--iterations "0"', "whole number"],
    ["--iterations -1", '--iterations "-1"', "whole number"],
    ["--iterations 1.5", '--iterations "1.5"', "whole number"],
    ["--iterations many", '--iterations "many"', "whole number"],
    ["--iterations 1e3", '--iterations "1e3"', "whole number"],
    ["--iterations 100001", '--iterations "100001"', "100000"],
    ["--tile 0,8,8", '--tile "0,8,8"', "at least 1"],
    ["--tile a,b,c", '--tile "a,b,c"', "Z,Y,X"],
    ["--tile 8", '--tile "8"', "Z,Y,X"],
    ["--tile 8,8,8,8", '--tile "8,8,8,8"', "Z,Y,X"],
    ["--tile 8,,8", '--tile "8,,8"', "Z,Y,X"],
    ["--tile 8,8,-8", '--tile "8,8,-8"', "Z,Y,X"],
    ["--halo -1,8,8", '--halo "-1,8,8"', "from 0"],
    ["--halo 4096,8,8", '--halo "4096,8,8"', "2048"],
    ["--boundary mirror", '--boundary "mirror"', "periodic, symmetric, nearest, constant, non-circulant"],
    ["--boundary-value lots", '--boundary-value "lots"', "a number"],
    ["--boundary-value 5", '--boundary-value "5"', "--boundary constant"],
    ["--acceleration fast", '--acceleration "fast"', "none, shb, biggs"],
    ["--start noise", '--start "noise"', "data, flat"],
    ["--background -1", '--background "-1"', "at least 0, or auto"],
    ["--background none", '--background "none"', "at least 0, or auto"],
    ["--tv -0.1", '--tv "-0.1"', "from 0 to 0.1"],
    ["--tv 0.2", '--tv "0.2"', "from 0 to 0.1"],
    ["--back-projector guo", '--back-projector "guo"', "matched, wiener-butterworth"],
    ["--damping 11", '--damping "11"', "from 0 to 10"],
    ["--saturation 0", '--saturation "0"', "above 0, auto or off"],
    ["--saturation max", '--saturation "max"', "above 0, auto or off"],
    ["--stop early", '--stop "early"', "fixed, divergence, held-out"],
    ["--stop-tolerance 0", '--stop-tolerance "0"', "above 0"],
    ["--stop-tolerance 2", '--stop-tolerance "2"', "at most 1"],
    ["--photons-per-unit 0", '--photons-per-unit "0"', "above 0"],
    ["--seed -1", '--seed "-1"', "whole number"],
    ["--backend cuda", '--backend "cuda"', "auto, webgpu, cpu"],
    ["--memory lots", '--memory "lots"', "512MiB"],
    ["--axes xyz", '--axes "xyz"', "tczyx"],
    ["--resume --overwrite", "--resume and --overwrite", "one of them"],
  ] as const
) {
  Deno.test(`${line} is refused by its name, its value and the form expected`, async () => {
    const error = await assertRejects(() => requestFrom(`--psf p ${line}`), ClearstackError, flag);
    assertEquals([error.exitStatus, error.message.includes("\n")], [2, false]);
    assert(error.message.includes(form), error.message);
  });
}

Deno.test("a missing PSF is refused by its name", async () => {
  await assertRejects(() => requestFrom(""), ClearstackError, "--psf is missing");
});
