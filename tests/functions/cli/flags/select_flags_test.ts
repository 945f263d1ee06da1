import { assertEquals, assertRejects } from "@std/assert";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { JOB_FLAGS } from "functions/cli/flags/job_flags.ts";
import { jobArguments, jobRequest } from "functions/cli/flags/job_arguments.ts";
import { parseArguments } from "functions/cli/flags/parse_arguments.ts";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { ClearstackError } from "shared/errors.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { writeZarr3 } from "../../../fixtures/zarr3.ts";

const FLAT = memoryUrl();
const DEEP = memoryUrl();
for (const [url, shape] of [[FLAT, [64, 64]], [DEEP, [2, 64, 64]]] as const) {
  await writeZarr3(url, {
    shape,
    chunk: shape,
    dtype: "float32",
    values: new Float32Array(64 * 64 * (shape.length - 1)),
  });
}

async function selectFrom(...words: string[]) {
  return await selectOf(FLAT, words);
}

async function selectOf(source: string, words: readonly string[]) {
  const args = parseArguments(["--psf", "p", ...words], { usage: "job", positionals: [], flags: JOB_FLAGS });
  return (await jobRequest(args, [source, "out"], { environment: NO_ENVIRONMENT })).select;
}

for (
  const [text, channels] of [
    ["0,2", [0, 2]],
    ["DAPI", ["DAPI"]],
    ["2,DAPI, far red ", [2, "DAPI", "far red"]],
    ["\\488", ["488"]],
    ["a\\,b,c\\\\d", ["a,b", "c\\d"]],
    ["1e3,-1", ["1e3", "-1"]],
  ] as const
) {
  Deno.test(`--channel ${text} selects ${JSON.stringify(channels)}, and is written so that it does`, async () => {
    const select = await selectFrom("--channel", text);
    assertEquals<unknown>(select, { channels });
    const place = { url: "a" };
    const request = JobRequestSchema.parse({ source: place, psf: place, output: { url: "b" }, select });
    assertEquals(await selectFrom(...jobArguments(request).slice(4)), select);
  });
}

for (
  const [text, times] of [
    ["3", { start: 3, stop: 4, step: 1 }],
    ["0:10", { start: 0, stop: 10, step: 1 }],
    ["5:", { start: 5, step: 1 }],
    [":10", { start: 0, stop: 10, step: 1 }],
    [":", { start: 0, step: 1 }],
    ["2:100:7", { start: 2, stop: 100, step: 7 }],
    ["::2", { start: 0, step: 2 }],
  ] as const
) {
  Deno.test(`--time ${text} selects ${JSON.stringify(times)}`, async () => {
    assertEquals<unknown>(await selectFrom("--time", text), { times });
  });
}

for (
  const [text, box] of [
    ["0:32,:,100:612", { z: [0, 32], x: [100, 612] }],
    [":20,5:9,:", { z: [0, 20], y: [5, 9] }],
    ["8:16,24:64", { y: [8, 16], x: [24, 64] }],
  ] as const
) {
  Deno.test(`--crop ${text} selects ${JSON.stringify(box)}, and is written so that it does`, async () => {
    const select = await selectFrom("--crop", text);
    assertEquals<unknown>(select, { box });
    const place = { url: "a" };
    const request = JobRequestSchema.parse({ source: place, psf: place, output: { url: "b" }, select });
    assertEquals(await selectFrom(...jobArguments(request).slice(4)), select);
  });
}

for (
  const [flag, texts] of [
    ["channel", [",", "0,", ",0", "0,,1", " ", "a\\"]],
    ["crop", ["0:32", "0:0,:,:", "8:,:,:", "a,:,:", "0:4:2,:,:", "-4:5,:,:", "5,:,:"]],
    ["time", ["-1", "0:0", "1.5", "a", "0:10:0", "0:1:2:3", "1,2", "0:10:"]],
  ] as const
) {
  for (const text of texts) {
    Deno.test(`--${flag} "${text}" is refused by its name, its value and the form expected`, async () => {
      const error = await assertRejects(
        () => selectFrom(`--${flag}=${text}`),
        ClearstackError,
        `--${flag} "${text}": expected `,
      );
      assertEquals(error.exitStatus, 2);
    });
  }
}

Deno.test("a crop of y and x alone is refused for an image that has z, with the spelling that takes all planes", async () => {
  await assertRejects(
    () => selectOf(DEEP, ["--crop", "20:60,20:60"]),
    ClearstackError,
    '--crop "20:60,20:60": expected Z,Y,X, since the image has z, y and x: write --crop :,20:60,20:60 for all planes',
  );
  assertEquals<unknown>(await selectOf(DEEP, ["--crop", ":,20:60,20:60"]), { box: { y: [20, 60], x: [20, 60] } });
});
