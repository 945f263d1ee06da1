/** Boxes without structure are left as they are, which is what the iterations would make of them. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type ArrayImage, deconvolve, type DeconvolveOptions } from "@clearstack/clearstack";
import type { TileReport } from "shared/contract/tile.ts";
import { createRandom } from "functions/cli/demo/sample/random.ts";
import { gaussianPsf } from "shared/psf/generate/gaussian_psf.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { runJob } from "functions/orchestrate/run/run_job.ts";
import { ClearstackError } from "shared/errors.ts";
import { openStore } from "../stores.ts";
import { identityJobs, sampleRequest } from "./identity_jobs.ts";
import { writeZarr } from "./sample_image.ts";

const SHAPE: Vec3 = [8, 32, 192];
const { shape: psfShape, values: psfValues } = gaussianPsf([3, 7, 7], [0.8, 1.2, 1.2]);
const PSF: ArrayImage = { data: Float32Array.from(psfValues), shape: psfShape, axes: "zyx" };

/** Bright points at x below 24 on a ground that is the same everywhere. */
function points(ground: number, noise = 0): ArrayImage {
  const random = createRandom(5);
  const data = Float32Array.from(
    { length: voxelCount(SHAPE) },
    () => ground + (noise === 0 ? 0 : random.poisson(noise)),
  );
  for (let point = 0; point < 40; point++) {
    const at = (Math.floor(random.between(0, 8)) * 32 + Math.floor(random.between(0, 32))) * SHAPE[2];
    data[at + Math.floor(random.between(0, 24))]! += 1000;
  }
  return { data, shape: SHAPE, axes: "zyx" };
}

/** Four tiles of 48 along x: structure in the first, and in the halo of none of the others. */
async function run(image: ArrayImage, algorithm: DeconvolveOptions["algorithm"]) {
  const reports: TileReport[] = [];
  const settings = {
    algorithm: { iterations: 8, ...algorithm },
    tiling: { tile: SHAPE.with(2, 48) as unknown as Vec3 },
    // All places where tiles meet.
    seamCheck: 3,
  };
  const onProgress: DeconvolveOptions["onProgress"] = ({ tile }) => void (tile && reports.push(tile));
  const result = await deconvolve(image, PSF, { ...settings, backend: "cpu", onProgress });
  const empty = reports.toSorted((a, b) => a.index - b.index).map(({ empty }) => empty);
  return { ...result, empty };
}

for (
  const algorithm of [
    { boundary: "symmetric" },
    { boundary: "non-circulant", acceleration: "shb" },
    { boundary: "periodic", background: 12 },
    { boundary: "nearest", background: 15 },
    { boundary: "non-circulant", background: 7, totalVariation: 0.001 },
    { boundary: "symmetric", background: -5 },
  ] as const satisfies DeconvolveOptions["algorithm"][]
) {
  Deno.test(`empty tiles come out as if they were computed, with ${JSON.stringify(algorithm)}`, async () => {
    const image = points(20);
    const left = await run(image, algorithm);
    const computed = await run(image, { ...algorithm, keepEmpty: true });
    // What the last tile has in its halo is the first one again, where the image repeats.
    const last = ["periodic", "symmetric"].includes(algorithm.boundary) ? undefined : "flat";
    assertEquals(left.empty, [undefined, "flat", "flat", last]);
    assertEquals(computed.empty, [undefined, undefined, undefined, undefined]);
    // Corners with unknown edges miss up to 4 % of a ground of 20.
    const tolerance = 0.8;
    const largest = computed.data.reduce((most, value, i) => Math.max(most, Math.abs(value - left.data[i]!)), 0);
    assert(largest < tolerance, `${largest}`);
    const { empty, tiles } = left.provenance as { empty: { tiles: number; largest: number }; tiles: { empty: object } };
    assertEquals(tiles.empty, { flat: empty.tiles });
    assert(empty.largest < 1e-3, `${empty.largest}`);
    assertEquals((computed.provenance as { empty?: unknown }).empty, undefined);
  });
}

Deno.test("noise is computed, and left as it is below a value that was given, which the record says", async () => {
  const image = points(0, 3);
  const all = await run(image, {});
  assertEquals(all.empty, [undefined, undefined, undefined, undefined]);
  const some = await run(image, { emptyBelow: 40 });
  assertEquals(some.empty, [undefined, "below", "below", "below"]);
  assertEquals((some.provenance as { empty: unknown }).empty, { tiles: 3, below: 3 });
  assertEquals(some.data[100], (image.data as Float32Array)[100]);
  await assertRejects(() => run(image, { emptyBelow: 40, keepEmpty: true }), "--keep-empty");
});

Deno.test("a tile that lost its voxels is noticed where it was left as it is", async () => {
  const { request } = await sampleRequest();
  const source = { url: `${request.source.url}-flat` };
  const voxels = Uint16Array.from({ length: 8 * 16 * 16 }, () => 200);
  await writeZarr(source.url, { shape: [8, 16, 16], chunk: [8, 16, 16], values: voxels });
  const jobs = identityJobs();
  const damaged: typeof jobs = {
    ...jobs,
    engine: {
      fanOut: async (kind, tasks, options) => {
        const output = openStore(request.output.url);
        if (kind === "seams") { for await (const key of output.list("0/c/")) await output.delete(key); }
        await jobs.engine.fanOut(kind, tasks, options);
      },
    },
  };
  const tiling = { tile: "auto", halo: "auto" } as const;
  const error = await assertRejects(() => runJob({ ...request, source, tiling }, damaged), ClearstackError);
  assertEquals([error.kind, error.path], ["failed-check", "algorithm.keepEmpty"]);
});
