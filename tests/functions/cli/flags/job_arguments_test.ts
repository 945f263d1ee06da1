import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import fc from "fast-check";
import { jobArguments, jobRequest } from "functions/cli/flags/job_arguments.ts";
import { JOB_FLAGS } from "functions/cli/flags/job_flags.ts";
import { parseArguments } from "functions/cli/flags/parse_arguments.ts";
import { type JobRequest, JobRequestSchema } from "shared/contract/job_request.ts";
import { ClearstackError } from "shared/errors.ts";
import { arbitraryOfSchema } from "../../../fixtures/arbitrary_of_schema.ts";
import { patternedVoxels, writeZarr } from "../../sample_image.ts";

async function requestFrom(line: string, source = "in.zarr") {
  const args = parseArguments(line === "" ? [] : line.split(" "), { usage: "job", positionals: [], flags: JOB_FLAGS });
  return await jobRequest(args, [source, "out.zarr"], { environment: NO_ENVIRONMENT });
}

Deno.test("without flags the contract's defaults hold", async () => {
  assertEquals(await requestFrom("--psf psf.tif"), {
    source: { url: "in.zarr" },
    psf: { url: "psf.tif" },
    output: {
      ...{ url: "out.zarr", ifExists: "fail", pyramid: "auto", version: "0.5", shards: "auto", verify: false },
      dtype: "float32",
    },
    algorithm: {
      ...{
        iterations: 150,
        boundary: "non-circulant",
        boundaryValue: 0,
        acceleration: "shb",
        start: "flat",
        background: 0,
      },
      ...{ totalVariation: 0, backProjector: "matched", dampingSigmas: 0, saturation: "off", stop: "noise", seed: 0 },
      keepEmpty: false,
      otfPrecision: "float32",
    },
    tiling: { tile: "auto", halo: "auto" },
    psfPlane: "focus",
    psfSpacing: "match",
    strict: false,
    backend: "auto",
    seamCheck: "auto",
    priority: 5,
  });
});

for (
  const [algorithm, named] of [
    ["", ""],
    ["--iterations 20", "--iterations 20"],
    ["--stop fixed --iterations 150", "--iterations 150"],
    ["--stop noise --iterations 100", "--iterations 100 --stop noise"],
    ["--stop fixed", "--iterations 20"],
    ["--stop held-out", "--iterations 20 --stop held-out"],
    ["--boundary periodic", "--boundary periodic"],
    ["--boundary periodic --iterations 20", "--boundary periodic"],
    ["--boundary periodic --acceleration shb", "--boundary periodic --acceleration shb"],
    ["--acceleration none --iterations 50", "--iterations 50 --acceleration none"],
  ] as const
) {
  Deno.test(`the request of "${algorithm}" is repeated by "${named}"`, async () => {
    const request = await requestFrom(`--psf p ${algorithm}`.trim());
    const again = jobArguments(request);
    assertEquals(again.slice(2).join(" "), `--psf p ${named}`.trim());
    assertEquals(await requestFrom(again.slice(2).join(" ")), request);
  });
}

Deno.test("every flag reaches the request", async () => {
  const line = "--psf p --iterations 7 --tile 32,64,128 --halo 0,8,9 --boundary constant --boundary-value -1.5e2 " +
    "--acceleration biggs --start flat --background 12.5 --tv 0.002 --back-projector wiener-butterworth --damping 3 " +
    "--otf-precision float16 --tv-smoothing 2e-3 --psf-plane project --psf-spacing keep --strict " +
    "--saturation 4095 --stop divergence --stop-tolerance 1e-4 --photons-per-unit 0.46 --seed 7 --backend cpu --memory 2GiB --seam-check 3 --path a/b --psf-path c --axes tczyx --no-pyramid --overwrite --verify " +
    "--dtype uint8 --range -5,1e3";
  assertEquals(await requestFrom(line), {
    source: { url: "in.zarr", path: "a/b", axes: "tczyx" },
    psf: { url: "p", path: "c" },
    output: {
      ...{ url: "out.zarr", ifExists: "overwrite", pyramid: "none", version: "0.5", shards: "auto", verify: true },
      ...{ dtype: "uint8", range: [-5, 1000] },
    },
    algorithm: {
      ...{ iterations: 7, boundary: "constant", boundaryValue: -150, acceleration: "biggs", start: "flat" },
      ...{ background: 12.5, totalVariation: 0.002, backProjector: "wiener-butterworth", dampingSigmas: 3 },
      ...{ otfPrecision: "float16", totalVariationSmoothing: 2e-3 },
      ...{ saturation: 4095, stop: "divergence", stopTolerance: 1e-4, photonsPerUnit: 0.46, seed: 7 },
      keepEmpty: false,
    },
    tiling: { tile: [32, 64, 128], halo: [0, 8, 9] },
    psfPlane: "project",
    psfSpacing: "keep",
    strict: true,
    backend: "cpu",
    memoryBytes: 2 ** 31,
    seamCheck: 3,
    priority: 5,
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
    ["--psf-plane best", '--psf-plane "best"', "focus, project"],
    ["--boundary-value lots", '--boundary-value "lots"', "a number"],
    ["--boundary-value 5", '--boundary-value "5"', "--boundary constant"],
    ["--acceleration fast", '--acceleration "fast"', "none, shb, biggs"],
    ["--start noise", '--start "noise"', "data, flat"],
    ["--background none", '--background "none"', "a number, or auto"],
    ["--tv -0.1", '--tv "-0.1"', "from 0 to 0.1"],
    ["--tv 0.2", '--tv "0.2"', "from 0 to 0.1"],
    ["--tv-smoothing 0", '--tv-smoothing "0"', "from 0.000001 to 1"],
    ["--tv-smoothing 1.5", '--tv-smoothing "1.5"', "from 0.000001 to 1"],
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
    ["--dtype int16", '--dtype "int16"', "float32, uint16, uint8"],
    ["--dtype uint8 --range 5", '--range "5"', "auto, or LO,HI"],
    ["--dtype uint8 --range 5,1", '--range "5,1"', "LO below HI"],
    ["--dtype uint8 --range 5,5", '--range "5,5"', "LO below HI"],
    ["--dtype uint8 --range 0,NaN", '--range "0,NaN"', "two numbers"],
    ["--dtype uint8 --range 0,1e39", '--range "0,1e39"', "two numbers"],
    ["--dtype uint8 --range 0,1,2", '--range "0,1,2"', "two numbers"],
    ["--range 0,5", "output.range: float32 holds every value", "--dtype"],
    ["--range auto", "output.range: float32 holds every value", "--dtype"],
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

Deno.test("any request there can be is written as arguments that are read as the same request", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryOfSchema(JobRequestSchema), async (random) => {
      const parsed = JobRequestSchema.safeParse(random);
      fc.pre(parsed.success);
      // Nor does a command line say how soon, or who is told.
      const { webhook: _, ...request } = { ...parsed.data, priority: 5 };
      const line = parseArguments(jobArguments(request), {
        usage: "job",
        positionals: ["SOURCE", "OUTPUT"],
        flags: JOB_FLAGS,
      });
      const [source, output] = line.positionals as [string, string];
      // A value that no boundary uses changes nothing, and its flag is refused without its boundary.
      const { boundary, boundaryValue } = request.algorithm;
      const algorithm = { ...request.algorithm, boundaryValue: boundary === "constant" ? boundaryValue : 0 };
      assertEquals(await jobRequest(line, [source, output], { environment: NO_ENVIRONMENT }), {
        ...request,
        algorithm,
        psf: plainPsf(request.psf),
      });
    }),
    { numRuns: 300 },
  );
});

/** A list of one PSF, or of one wavelength, means that one, and an empty path no path. */
function plainPsf(psf: JobRequest["psf"]): JobRequest["psf"] {
  if ("optics" in psf) {
    const { emissionNanometres: emission, ...optics } = psf.optics;
    const one = Array.isArray(emission) && emission.length === 1 ? emission[0]! : emission;
    return { optics: { ...optics, ...(one === undefined ? {} : { emissionNanometres: one }) } };
  }
  const places = [psf].flat().map(({ path, ...place }) => path ? { ...place, path } : place);
  return places.length === 1 ? places[0]! : places as unknown as JobRequest["psf"];
}

Deno.test("optics stand in place of a PSF, and are not given beside one", async () => {
  const { psf } = await requestFrom("--na 1.4 --index 1.515 --emission 525,595,680 --sample-index 1.38 --depth 12.5");
  const emissionNanometres = [525, 595, 680];
  const stated = { na: 1.4, immersionIndex: 1.515, emissionNanometres, sampleIndex: 1.38, depthMicrometre: 12.5 };
  assertEquals<unknown>(psf, { optics: stated });
  assertEquals<unknown>((await requestFrom("--emission 525")).psf, {
    optics: { emissionNanometres: 525, depthMicrometre: 0 },
  });
  const refused = [
    ["--psf a --na 1.4", "--psf and --na exclude each other"],
    ["--depth 3 --psf-path 0", "--psf-path and --depth exclude each other"],
    ["--na 2.5", '--na "2.5": expected a number above 0 and below 2'],
    ["--emission 525,0.5", '--emission "525,0.5": expected wavelengths in nanometres'],
    ["--emission 525,", '--emission "525,": expected wavelengths'],
    ["--index 0.9", '--index "0.9": expected a number from 1 to 2.5'],
    [
      "",
      "--psf is missing: expected a path or URL of a PSF, Zarr or TIFF, or what one is computed from: --na, --index",
    ],
  ] as const;
  for (const [line, message] of refused) await assertRejects(() => requestFrom(line), ClearstackError, message);
});

Deno.test("a flag of PSFs is given once for all of them, or once for each", async () => {
  const args = parseArguments("--psf a --psf b --psf-path=0 --psf-channel 1 --psf-channel=".split(" "), {
    usage: "job",
    positionals: [],
    flags: JOB_FLAGS,
  });
  const { psf } = await jobRequest(args, ["in", "out"], { environment: NO_ENVIRONMENT });
  assertEquals<unknown>(psf, [{ url: "a", path: "0", channel: 1 }, { url: "b", path: "0" }]);
  const one = "--psf a --psf-channel DAPI --psf-time 3 --psf-pages as-listed --psf-axes tczyx";
  const chosen = { url: "a", axes: "tczyx", pages: "as-listed", channel: "DAPI", time: 3 };
  assertEquals<unknown>((await requestFrom(one)).psf, chosen);
  await assertRejects(() => requestFrom("--psf a --psf-time x"), ClearstackError, '--psf-time "x": expected');
  await assertRejects(() => requestFrom("--psf a --psf-axes xyz"), ClearstackError, '--psf-axes "xyz": expected');
  await assertRejects(
    () => requestFrom("--psf a --psf-pages all"),
    ClearstackError,
    '--psf-pages "all": expected one of',
  );
  await assertRejects(
    () => requestFrom("--psf a --psf b --psf c --psf-path 0 --psf-path 1"),
    ClearstackError,
    "--psf-path is given 2 times: give it once, or once for each of the 3 --psf",
  );
});

Deno.test("a request of defaults is written as no more than its three files", () => {
  const request = JobRequestSchema.parse({ source: { url: "a" }, psf: { url: "p" }, output: { url: "b" } });
  assertEquals(jobArguments(request), ["a", "b", "--psf", "p"]);
});

Deno.test("a setting that no flag states is not left out in silence", () => {
  const request = JobRequestSchema.parse({ source: { url: "a" }, psf: { url: "p" }, output: { url: "b" } });
  const newer = { ...request, tiling: { ...request.tiling, overlap: 3 } };
  assertThrows(() => jobArguments(newer), ClearstackError, "no flag states tiling.overlap");
});
