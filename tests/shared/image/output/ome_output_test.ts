import { assertEquals, assertRejects } from "@std/assert";
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { JobResult } from "shared/contract/job_status.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { TileReport } from "shared/contract/tile.ts";
import { ClearstackError } from "shared/errors.ts";
import { axesOf } from "shared/image/axes.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { planFor, requestFor, tasksFor } from "../../../fixtures/plan.ts";
import { createOutput, openImage, openStore, writeTile, writeTileRecord } from "../../../stores.ts";

const source: ImageInfo = {
  url: "https://user:pw@host/in.zarr?sig=SECRET",
  path: "0",
  format: "zarr3",
  dtype: "uint16",
  shape: [2, 4, 6, 8],
  chunkShape: [1, 2, 3, 4],
  axes: axesOf("czyx", [undefined, "um", "micrometer", "micrometer"]),
  scale: [1, 0.5, 0.1, 0.1],
  translation: [0, 1, 2, 3],
  name: "cells",
  identity: "identity-of-source",
};
const plan = planFor({ source, tile: [4, 4, 8], chunk: [2, 2, 8] });
const result: JobResult = {
  backend: "cpu",
  adapter: "2 threads",
  voxels: 192,
  tiles: 4,
  tilesComputed: 4,
  iterations: 1,
  seconds: 1,
  kernelSeconds: 1,
  bytesRead: 1,
  bytesWritten: 1,
  output: "somewhere",
};
const report = (index: number): TileReport => ({
  index,
  backend: "cpu",
  adapter: "2 threads",
  seconds: 1,
  readSeconds: 0,
  kernelSeconds: 1,
  writeSeconds: 0,
  bytesRead: 1,
  bytesWritten: 1,
});

const json = async (url: string, key: string) => JSON.parse(new TextDecoder().decode(await openStore(url).get(key)));
const keys = async (url: string) => (await Array.fromAsync(openStore(url).list(""))).sort();

async function finishedOutput(url: string, planHash?: string): Promise<void> {
  const made = planHash === undefined ? plan : { ...plan, planHash };
  const output = await createOutput(made, requestFor(made, url));
  for (const task of tasksFor(made, url, output.run)) {
    await writeTile(task, new Float32Array(task.tile.core.shape.reduce((a, b) => a * b, 1)).fill(task.tile.index));
    await writeTileRecord(task, report(task.tile.index));
  }
  await output.finish(result);
}

async function refused(
  url: string,
  ifExists: "fail" | "resume" | "overwrite",
  message: string,
  made = plan,
): Promise<void> {
  const before = await keys(url);
  const error = await assertRejects(
    () => createOutput(made, requestFor(made, url, ifExists)),
    ClearstackError,
    message,
  );
  assertEquals(error.kind, "conflict");
  assertEquals(await keys(url), before);
}

Deno.test("an unfinished output has its array and its job but no root group", async () => {
  const url = memoryUrl();
  const output = await createOutput(plan, requestFor(plan, url));
  assertEquals([output.resumed, output.tilesDone.size], [false, 0]);
  assertEquals(await keys(url), [".clearstack/job.json", "0/zarr.json"]);
});

Deno.test("a finished output is an OME-Zarr 0.5 of the source's rank, axes, units and scale", async () => {
  const url = memoryUrl();
  await finishedOutput(url);
  const { info } = await openImage({ url });
  assertEquals([info.shape, info.dtype, info.chunkShape], [[2, 4, 6, 8], "float32", [1, 2, 2, 8]]);
  assertEquals([info.scale, info.translation, info.name], [
    source.scale,
    source.translation,
    url,
  ]);
  assertEquals(info.axes.map((axis) => axis.unit), [undefined, "micrometer", "micrometer", "micrometer"]);
  const root = await json(url, "zarr.json");
  assertEquals(root.attributes.ome.version, "0.5");
  assertEquals(root.attributes.ome.multiscales[0].version, undefined);
  const array = await json(url, "0/zarr.json");
  assertEquals(array.dimension_names, ["c", "z", "y", "x"]);
  assertEquals(array.codecs.map((codec: { name: string }) => codec.name), ["bytes", "blosc"]);
});

Deno.test("provenance names the plan, the source, the PSF and the backend, and no secret", async () => {
  const url = memoryUrl();
  await finishedOutput(url);
  const { clearstack } = (await json(url, "zarr.json")).attributes;
  assertEquals(clearstack.planHash, plan.planHash);
  assertEquals(clearstack.source, {
    url: "https://host/in.zarr",
    path: "0",
    identity: "identity-of-source",
    format: "zarr3",
    dtype: "uint16",
  });
  assertEquals([clearstack.backend, clearstack.psf.sha256], ["cpu", "00"]);
  assertEquals(clearstack.tiles, {
    count: 4,
    seconds: 4,
    kernelSeconds: 4,
    medianSeconds: 1,
    slowest: { index: clearstack.tiles.slowest.index, seconds: 1 },
    adapters: { "cpu (2 threads)": 4 },
    inPieces: 0,
  });
  assertEquals(clearstack.versions.deno, Deno.version.deno);
  assertEquals((await json(url, ".clearstack/provenance.json")).tiles.seconds, [1, 1, 1, 1]);
  for (const key of await keys(url)) {
    if (!key.endsWith(".json")) continue;
    const text = JSON.stringify(await json(url, key));
    assertEquals(/SECRET|pw@/.test(text), false, key);
  }
});

Deno.test("an unfinished output of the same plan goes on where it stopped", async () => {
  const url = memoryUrl();
  const { run } = await createOutput(plan, requestFor(plan, url));
  const tasks = tasksFor(plan, url, run);
  for (const index of [0, 2]) await writeTileRecord(tasks[index]!, report(index));
  // A process may die between its two first writes.
  await openStore(url).delete("0/zarr.json");
  for (const ifExists of ["fail", "resume"] as const) {
    const output = await createOutput(plan, requestFor(plan, url, ifExists));
    assertEquals([output.resumed, [...output.tilesDone].sort()], [true, [0, 2]]);
    assertEquals(output.earlierResult, undefined);
  }
  assertEquals((await keys(url)).includes("0/zarr.json"), true);
});

Deno.test("a finished output is refused, accepted or replaced as asked", async () => {
  const url = memoryUrl();
  await finishedOutput(url);
  await refused(url, "fail", "accept it with --resume or replace it with --overwrite");
  const states = async () => await Promise.all((await keys(url)).map((key) => openStore(url).head(key)));
  const before = await states();
  const accepted = await createOutput(plan, requestFor(plan, url, "resume"));
  assertEquals([accepted.tilesDone.size, accepted.earlierResult?.voxels], [4, 192]);
  await accepted.discard();
  assertEquals(await states(), before, "nothing is written");
  const replaced = await createOutput(plan, requestFor(plan, url, "overwrite"));
  assertEquals([replaced.resumed, replaced.tilesDone.size], [false, 0]);
  assertEquals(await keys(url), [".clearstack/job.json", "0/zarr.json"]);
});

Deno.test("an unfinished output of other settings tells which, so that it can be continued", async () => {
  const url = memoryUrl();
  await createOutput(plan, requestFor(plan, url));
  const begunWith = (change: Partial<Plan>): Plan => ({ ...plan, planHash: "fedcba9876543210", ...change });
  const { iterations } = plan.algorithm;
  for (
    const [change, words] of [
      [
        { algorithm: { ...plan.algorithm, iterations: iterations + 10 }, halo: [1, 2, 3] as const },
        `(algorithm.iterations was ${iterations} and is ${iterations + 10}: name what it was to continue it)`,
      ],
      [{ source: { ...plan.source, identity: "other" } }, "(the image is another one, or was changed)"],
      [{ psf: { ...plan.psf, sha256: "other" } }, "(the PSF is another one)"],
      [{ tile: [1, 2, 3] as const }, `(tile was ${JSON.stringify(plan.tile)} and is [1,2,3])`],
      [{}, "(another image, PSF or setting)"],
    ] as const
  ) {
    const asked = begunWith(change);
    await assertRejects(() => createOutput(asked, requestFor(asked, url, "resume")), ClearstackError, words);
  }
});

Deno.test("the output of another plan is a conflict unless it is to be replaced", async () => {
  const other = { ...plan, planHash: "fedcba9876543210" };
  const unfinished = memoryUrl();
  await createOutput(other, requestFor(other, unfinished));
  for (const ifExists of ["fail", "resume"] as const) {
    await refused(unfinished, ifExists, "unfinished output of another job");
  }
  const finished = memoryUrl();
  await finishedOutput(finished, other.planHash);
  for (const ifExists of ["fail", "resume"] as const) await refused(finished, ifExists, "already exists");
  for (const url of [unfinished, finished]) {
    await createOutput(plan, requestFor(plan, url, "overwrite"));
    assertEquals(await keys(url), [".clearstack/job.json", "0/zarr.json"]);
  }
});

Deno.test("nothing of someone else is ever replaced", async () => {
  const zarr = memoryUrl();
  await openStore(zarr).put("zarr.json", new TextEncoder().encode('{"zarr_format":3,"node_type":"group"}'));
  const documents = memoryUrl();
  await openStore(documents).put("thesis/chapter1.txt", new Uint8Array(9));
  for (const ifExists of ["fail", "resume", "overwrite"] as const) {
    await refused(zarr, ifExists, "was not written by Clearstack; remove it yourself");
    await refused(documents, ifExists, "not a Zarr");
  }
});

Deno.test("an output never lies over its source or PSF", async () => {
  const url = memoryUrl();
  await openStore(url).put("zarr.json", new TextEncoder().encode('{"zarr_format":3,"node_type":"group"}'));
  for (const output of [url, `${url}/inside`]) {
    const request = { ...requestFor(plan, output, "overwrite"), source: { url } };
    const error = await assertRejects(() => createOutput(plan, request), ClearstackError, "would lie over the source");
    assertEquals(error.kind, "conflict");
  }
  const request = { ...requestFor(plan, url, "overwrite"), psf: { url: `${url}/psf.tif` } };
  await assertRejects(() => createOutput(plan, request), ClearstackError, "would lie over the PSF");
  assertEquals(await keys(url), ["zarr.json"]);
});

Deno.test("an output is discarded by the process that began it, unless another has joined or a tile is recorded", async () => {
  const url = memoryUrl();
  const begin = () => createOutput(plan, requestFor(plan, url));
  await (await begin()).discard();
  assertEquals(await keys(url), []);

  const recorded = await begin();
  await writeTileRecord(tasksFor(plan, url, recorded.run)[1]!, report(1));
  await recorded.discard();
  assertEquals((await keys(url)).length, 3);

  const other = memoryUrl();
  const fresh = await createOutput(plan, requestFor(plan, other));
  const joined = await createOutput(plan, requestFor(plan, other));
  assertEquals([joined.run, joined.resumed], [fresh.run, true]);
  for (const output of [fresh, joined]) await output.discard();
  assertEquals(await keys(other), [".clearstack/job.json", "0/zarr.json"]);
});

Deno.test("once an output is begun anew, the run before writes no voxel, record or metadata, and removes nothing", async () => {
  const url = memoryUrl();
  const before = await createOutput(plan, requestFor(plan, url));
  const other = { ...plan, planHash: "fedcba9876543210" };
  await createOutput(other, requestFor(other, url, "overwrite"));
  const stored = await keys(url);
  const [task] = tasksFor(plan, url, before.run);
  const length = task!.tile.core.shape.reduce((a, b) => a * b, 1);
  for (
    const write of [
      () => writeTile(task!, new Float32Array(length)),
      () => writeTileRecord(task!, report(0)),
      () => before.decide({ iterations: 3 }, []),
      () => before.finish(result),
    ]
  ) {
    const error = await assertRejects(write, ClearstackError, "was begun anew by another job");
    assertEquals(error.kind, "conflict");
  }
  assertEquals(await before.isLost(), true);
  await before.discard();
  assertEquals(await keys(url), stored);
});

Deno.test("two processes of one run keep to the decisions of the faster", async () => {
  const url = memoryUrl();
  const [one, two] = [await createOutput(plan, requestFor(plan, url)), await createOutput(plan, requestFor(plan, url))];
  assertEquals(await one.decide({ iterations: 3 }, []), { iterations: 3 });
  assertEquals(await two.decide({ iterations: 4 }, []), { iterations: 3 });
});

Deno.test("of two jobs that start one output at once, one goes on", async () => {
  const url = memoryUrl();
  const other = { ...plan, planHash: "fedcba9876543210" };
  const outcomes = await Promise.allSettled([plan, other].map((made) => createOutput(made, requestFor(made, url))));
  assertEquals(outcomes.filter((outcome) => outcome.status === "fulfilled").length, 1);
});

Deno.test("a web server is no place for an output", async () => {
  const request = requestFor(plan, "https://host/out.zarr");
  const error = await assertRejects(() => createOutput(plan, request), ClearstackError, "read only");
  assertEquals(error.kind, "unwritable");
});
