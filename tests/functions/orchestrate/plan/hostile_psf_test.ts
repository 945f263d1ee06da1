/** Images and PSFs of a few hundred bytes that would cost gigabytes and minutes, and what is done about large ones that are real. */
import { assertEquals, assertRejects } from "@std/assert";
import { judgePsf, type PsfCase } from "functions/orchestrate/plan/judge_psf.ts";
import { judgePsfApart } from "functions/orchestrate/plan/judge_psf_apart.ts";
import { prepareJob } from "functions/orchestrate/plan/prepare_job.ts";
import { ClearstackError } from "shared/errors.ts";
import { noise } from "../../../fixtures/noise.ts";
import { zarr3Metadata, type Zarr3Options } from "../../../fixtures/zarr3.ts";
import { openStore } from "../../../stores.ts";
import { identityJobs, sampleRequest } from "../../identity_jobs.ts";

/** Writes the metadata of an array of ones, of which nothing is stored. */
async function state(url: string, shape: readonly number[], chunk = shape, dtype: Zarr3Options["dtype"] = "float64") {
  const metadata = zarr3Metadata({ shape, chunk, dtype, values: [], metadata: { fill_value: 1 } });
  await openStore(url).put("zarr.json", new TextEncoder().encode(JSON.stringify(metadata)));
}

/** Plans a job with a PSF and an image of which metadata are stored and nothing else. */
async function planWith(psf: Parameters<typeof state>[1], image: readonly number[], chunk = psf, hostBytes?: number) {
  const { request } = await sampleRequest();
  await state(request.psf.url, psf, chunk);
  await state(request.source.url, image, [1, ...image.slice(1)], "uint16");
  const stated = { ...request, source: { ...request.source, allowEmpty: true as const } };
  return await assertRejects(
    () => prepareJob({ ...stated, ...(hostBytes === undefined ? {} : { memoryBytes: hostBytes }) }, identityJobs()),
    ClearstackError,
  );
}

Deno.test("a PSF far larger than what the image can use is refused by its metadata", async () => {
  const { kind, need, message } = await planWith([256, 1024, 1024], [20, 40, 36]);
  assertEquals([kind, need], ["unsupported", 2 ** 28]);
  assertEquals(/256.*1024.*1024.*39.*79.*71/.test(message), true, message);
});

Deno.test("a small PSF goes with any image, but not one as long as no light reaches", async () => {
  for (const shape of [[14, 1, 65_536], [2 ** 24, 1, 1]]) {
    const { kind, need } = await planWith(shape, [20, 40, 36]);
    assertEquals([kind, need], ["unsupported", shape[0]! * shape[2]!]);
  }
  const { request } = await sampleRequest();
  const psf = { url: `${request.psf.url}-long` };
  await state(psf.url, [1, 64, 4096]);
  await prepareJob({ ...request, psf }, identityJobs());
});

Deno.test("beside a large image, a PSF in one chunk of gigabytes is refused, and so is one beyond the memory", async () => {
  const image = [512, 2048, 2048];
  const whole = await planWith([256, 1024, 1024], image);
  assertEquals([whole.kind, whole.need, whole.limit], ["unsupported", 2 ** 31, 2 ** 29]);
  // 8 bytes for each of 2^28 voxels alone are more than the 1 GiB of the machine, whatever the caller says there is.
  const { kind, need, limit } = await planWith([256, 1024, 1024], image, [16, 64, 64], 2 ** 40);
  assertEquals([kind, need! > 2 ** 31, limit], ["over-budget", true, 2 ** 30]);
});

Deno.test("a caller may ask for less memory than the machine gives, and gets no more", async () => {
  const { request } = await sampleRequest();
  const deps = identityJobs();
  const hostBytes = (await deps.device("cpu")).hostBytes;
  // Kernels that claim all of the machine's memory leave none for the rest of a tile.
  const greedy = { ...deps, computeClaim: () => () => ({ kernels: hostBytes }) };
  for (const [memoryBytes, limit] of [[2 ** 40, hostBytes], [hostBytes / 2, hostBytes / 2]] as const) {
    const error = await assertRejects(() => prepareJob({ ...request, memoryBytes }, greedy), ClearstackError);
    assertEquals([error.kind, error.limit], ["over-budget", limit]);
  }
});

/** A PSF of 2^20 voxels, which go to a thread. */
function largeCase(): PsfCase {
  const shape = [64, 128, 128] as const;
  const values = Float32Array.from(noise(2 ** 20), (byte, index) => byte / (1 + Math.abs(index - 2 ** 19)));
  const fit = { stored: shape, crop: [31, 63, 63] as const };
  return { stored: { where: "the PSF", shape, values }, fit, use: USE };
}

const USE = { shape: [16, 32, 32], boundary: "nearest" } as const;

Deno.test("a large PSF is judged on a thread of its own, with the same outcome", async () => {
  const here = await judgePsf(largeCase());
  const given = largeCase();
  assertEquals(await judgePsfApart(given, undefined), here);
  assertEquals(given.stored.values.length, 0);
});

Deno.test("what judging throws, and being cancelled, come through from the thread", async () => {
  const dark = largeCase();
  dark.stored.values.fill(0).fill(1, 0, 1);
  const error = await assertRejects(() => judgePsfApart(dark, undefined), ClearstackError, "recentre it");
  assertEquals(error.kind, "invalid-request");
  const controller = new AbortController();
  const judging = judgePsfApart(largeCase(), controller.signal);
  controller.abort();
  assertEquals((await assertRejects(() => judging, ClearstackError)).kind, "cancelled");
});

for (
  const [shape, chunk] of [
    [[2 ** 53 - 1, 1, 1], [1, 1, 1]],
    [[2 ** 53 - 1, 2 ** 53 - 1, 2 ** 53 - 1], [1, 1, 1]],
    [[2 ** 53 - 1, 2 ** 53 - 1, 2 ** 53 - 1], [2 ** 53 - 1, 2 ** 53 - 1, 2 ** 53 - 1]],
    [[2 ** 24, 2 ** 24, 2 ** 24], [1, 64, 64]],
    [[4, 16, 16], [2 ** 20, 2 ** 20, 2 ** 20]],
  ]
) {
  Deno.test(`a shape of ${shape} in chunks of ${chunk} is refused in words, as an image and as a PSF`, async () => {
    for (const role of ["source", "psf"] as const) {
      const { request } = await sampleRequest();
      await state(request[role].url, shape!, chunk, "uint16");
      const stated = { ...request, source: { ...request.source, allowEmpty: true as const } };
      const error = await assertRejects(() => prepareJob(stated, identityJobs()), ClearstackError);
      assertEquals([role, error.status], [role, 422], error.message);
    }
  });
}
