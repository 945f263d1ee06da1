/** Coarser levels of views, before full resolution is there and after. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as zarr from "zarrita";
import { registerCodecs } from "shared/codec/codecs.ts";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import type { View, ViewRequest } from "shared/contract/views/view.ts";
import { ViewRequestSchema } from "shared/contract/views/view.ts";
import { identityJobs } from "../../identity_jobs.ts";
import { identityKernels } from "../../identity_kernels.ts";
import { indices, patternedVoxels, writeZarr } from "../../sample_image.ts";
import { bodyOf, startViews, type ViewService } from "../view_service.ts";

registerCodecs();

const SHAPE = [12, 300, 272] as const;
const source = patternedVoxels(SHAPE);
await writeZarr("memory:levels/image", { shape: SHAPE, chunk: [6, 128, 128], values: source });

/** A request with a Gaussian PSF of this standard deviation, voxels. */
async function requestOf(sigma: number): Promise<ViewRequest> {
  const shape = [5, 13, 13];
  const values = Float32Array.from(indices(shape), (at) => {
    const squares = at.map((index, axis) => (index - (shape[axis]! - 1) / 2) ** 2);
    return Math.exp(-squares.reduce((sum, square) => sum + square, 0) / (2 * sigma ** 2));
  });
  const url = `memory:levels/psf-${sigma}`;
  await writeZarr(url, { shape, chunk: shape, values });
  return ViewRequestSchema.parse({
    source: { url: "memory:levels/image" },
    psf: { url },
    algorithm: { iterations: 3 },
    tiling: { tile: [12, 150, 136], halo: [2, 4, 4] },
    backend: "cpu",
  });
}

/** Means over 2 x 2 x 2 voxels, which the sides of the image are multiples of. */
function means(values: ArrayLike<number>): Float32Array {
  const [depth, height, width] = SHAPE.map((side) => side / 2) as [number, number, number];
  const result = new Float32Array(depth * height * width);
  for (const [z, y, x] of indices([...SHAPE]) as Iterable<[number, number, number]>) {
    const value = values[(z * SHAPE[1] + y) * SHAPE[2] + x]!;
    result[((z >> 1) * height + (y >> 1)) * width + (x >> 1)]! += value / 8;
  }
  return result;
}

async function readLevel(service: ViewService, view: View, level: number): Promise<Float32Array> {
  const root = zarr.root(new zarr.FetchStore(service.rootOf(view)));
  const { data } = await zarr.get(await zarr.open.v3(root.resolve(String(level)), { kind: "array" }));
  return data as Float32Array;
}

const expected = means(source);

for (const [sigma, what] of [[0.6, "the mean of the source"], [3, "the mean of the source, deconvolved"]] as const) {
  Deno.test(`where the PSF has a deviation of ${sigma} voxels, a coarser level is ${what} until full resolution is there`, async () => {
    const kernels = identityKernels();
    await using service = await startViews({ deps: identityJobs(kernels) });
    const view = await service.views.create(await requestOf(sigma));
    const url = `${service.rootOf(view)}/1/c/0/0/0`;
    const first = await fetch(url);
    await bodyOf(first);
    assertEquals(first.headers.get("x-clearstack-approximate"), "true");
    assertEquals(first.headers.get("cache-control"), "no-cache");
    assertEquals((await service.views.get(view.id)).tilesDone, 0);
    // The kernels change nothing, so both are means; those of a uint16 source are rounded to integers.
    (await readLevel(service, view, 1)).forEach((value, index) => assertAlmostEquals(value, expected[index]!, 0.5));
    assertEquals(kernels.runs.length > 0, sigma === 3);

    assertEquals(await readLevel(service, view, 0), Float32Array.from(source));
    const last = await fetch(url);
    await bodyOf(last);
    assertEquals(last.headers.get("x-clearstack-approximate"), null);
    assert(last.headers.get("cache-control")!.includes("immutable"));
    assertEquals(await readLevel(service, view, 1), expected);
  });
}

Deno.test("coarser levels of a job that stores integers are of the same integers before full resolution is there", async () => {
  await using service = await startViews();
  for (const sigma of [0.6, 3]) {
    const output = { url: `memory:levels/integers-${sigma}`, dtype: "uint16", range: [0, 8000] };
    const request = JobRequestSchema.parse({ ...await requestOf(sigma), output });
    const { id } = await service.jobs.submit(request, {});
    await service.jobs.cancel(id);
    const view = await service.views.create({ job: id });
    const first = await fetch(`${service.rootOf(view)}/1/c/0/0/0`);
    await bodyOf(first);
    assertEquals(first.headers.get("x-clearstack-approximate"), "true");
    const step = 8000 / 65535;
    // Means of a uint16 source are rounded to integers, and then to steps.
    (await readLevel(service, view, 1)).forEach((stored, index) =>
      assertAlmostEquals(step * stored, expected[index]!, 0.5 + step)
    );
  }
});
