import { assert, assertEquals } from "@std/assert";
import { planSvg } from "functions/cli/draw/plan_svg.ts";
import { prepareJob } from "functions/orchestrate/plan/prepare_job.ts";
import { identityJobs, sampleRequest } from "../../identity_jobs.ts";
import { patternedVoxels, writePsf, writeZarr } from "../../sample_image.ts";

async function samplePlan(tile: [number, number, number] = [10, 16, 16]) {
  const { request } = await sampleRequest();
  return (await prepareJob({ ...request, tiling: { ...request.tiling, tile } }, identityJobs())).plan;
}

/** Rectangles of one kind: x, y, width, height. */
function rectangles(svg: string, kind: string): number[][] {
  const pattern = new RegExp(
    `<rect class="${kind}" x="([-\\d.]+)" y="([-\\d.]+)" width="([\\d.]+)" height="([\\d.]+)"`,
    "g",
  );
  return [...svg.matchAll(pattern)].map((match) => match.slice(1).map(Number));
}

Deno.test("everything is drawn to one scale, in both views", async () => {
  const plan = await samplePlan();
  const svg = planSvg(plan);
  const [front, above] = rectangles(svg, "array");
  const scale = front![2]! / plan.shape[2];
  const near = (actual: number, expected: number) =>
    assert(Math.abs(actual - expected) < 0.02, `${actual}, ${expected}`);
  near(front![3]!, plan.shape[1] * scale);
  near(above![3]!, plan.shape[0] * scale);
  const [core, coreAbove] = rectangles(svg, "core");
  near(core![2]!, 16 * scale);
  near(coreAbove![3]!, 10 * scale);
  const [box] = rectangles(svg, "box");
  assert(box![2]! >= (16 + 2 * 4) * scale - 0.02, "the box holds the halo on both sides");
});

Deno.test("nothing is drawn outside of the picture, though the box reaches outside of the image", async () => {
  const svg = planSvg(await samplePlan());
  const [width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg)!.slice(1).map(Number) as [number, number];
  for (const kind of ["array", "core", "box"]) {
    for (const [x, y, w, h] of rectangles(svg, kind)) {
      assert(x! >= 0 && y! >= 0 && x! + w! <= width && y! + h! <= height, kind);
    }
  }
});

Deno.test("tiles and chunks are lines inside the image, as many as there are borders", async () => {
  const svg = planSvg(await samplePlan());
  const borders = (kind: string) =>
    [...svg.matchAll(new RegExp(`<path class="${kind}" fill="none" d="([^"]*)"`, "g"))].map(([, d]) =>
      d!.split("M").length - 1
    );
  // Tiles 2 x 3 x 3 have 2 + 2 borders from the front and 2 + 1 from above; chunks 3 x 3 x 3 have 2 + 2 and 2 + 2.
  assertEquals([borders("tile"), borders("chunk")], [[4, 3], [4, 4]]);
});

Deno.test("borders too close to tell apart are thinned out", async () => {
  const plan = await samplePlan();
  const svg = planSvg({ ...plan, shape: [2000, 4000, 3600] });
  const [, path] = /<path class="chunk" fill="none" d="([^"]*)"/.exec(svg)!;
  const across = [...path!.matchAll(/M([\d.]+) [\d.]+V/g)].map(([, x]) => Number(x));
  assert(across.length > 10 && across.every((x, line) => line === 0 || x - across[line - 1]! >= 4), path);
});

Deno.test("shards of the output are drawn where the plan has any", async () => {
  const plan = await samplePlan();
  assert(!planSvg(plan).includes(`<path class="shard"`));
  const svg = planSvg({ ...plan, shard: [10, 8, 16] });
  assert(
    svg.includes(`<path class="shard" fill="none"`) && svg.includes("shards of the output: 10 × 8 × 16, 30 of"),
    svg,
  );
});

Deno.test("a 2-D image is drawn as well", async () => {
  const { request } = await sampleRequest();
  await writeZarr("memory:svg-2d", { shape: [40, 36], chunk: [16, 16], values: patternedVoxels([40, 36]) });
  await writePsf("memory:svg-psf", [5, 5]);
  const flat = { ...request, source: { url: "memory:svg-2d" }, psf: { url: "memory:svg-psf" } };
  const { plan } = await prepareJob({ ...flat, tiling: { tile: "auto", halo: "auto" } }, identityJobs());
  assert(planSvg(plan).includes("1 × 40 × 36"));
});
