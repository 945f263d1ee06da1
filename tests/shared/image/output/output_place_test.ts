/** Outputs beside which others keep labels, tables and attributes of their own. */
import { assertEquals, assertRejects } from "@std/assert";
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { JobResult } from "shared/contract/job_status.ts";
import type { TileReport } from "shared/contract/tile.ts";
import type { OmeVersion } from "shared/contract/stored_array.ts";
import { ClearstackError } from "shared/errors.ts";
import { axesOf } from "shared/image/axes.ts";
import { encodeJson } from "shared/image/zarr/json.ts";
import { beginOutput } from "shared/image/output/claim_output.ts";
import { readJob } from "shared/image/output/job_record.ts";
import { levelTasks } from "shared/engine/level_tasks.ts";
import { plannedOutput } from "shared/image/output/level_arrays.ts";
import { readZarrNode } from "shared/image/zarr/zarr_node.ts";
import type { Store } from "shared/storage/store.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { planFor, requestFor, tasksFor } from "../../../fixtures/plan.ts";
import { createOutput, openImage, openStore, reduceTile, writeTile, writeTileRecord } from "../../../stores.ts";

const source: ImageInfo = {
  url: "memory:source-of-places",
  path: "",
  format: "zarr3",
  dtype: "uint16",
  shape: [4, 6, 8],
  chunkShape: [2, 3, 4],
  axes: axesOf("zyx"),
  scale: [1, 1, 1],
  identity: "identity",
};
const level = { shape: [2, 3, 4], factors: [2, 2, 2], chunk: [2, 3, 4], tile: [2, 3, 4] } as const;
const planOf = (omeVersion: OmeVersion, planHash: string) => ({
  ...planFor({ source, tile: [4, 6, 8], chunk: [2, 6, 8], omeVersion, planHash }),
  levels: [level],
});
const result: JobResult = {
  ...{ backend: "cpu", adapter: "cpu", voxels: 192, tiles: 1, tilesComputed: 1, iterations: 1 },
  ...{ seconds: 1, kernelSeconds: 1, bytesRead: 1, bytesWritten: 1, output: "" },
};
const report: TileReport = {
  ...{ index: 0, backend: "cpu", adapter: "cpu", seconds: 1, readSeconds: 0, kernelSeconds: 1, writeSeconds: 0 },
  ...{ bytesRead: 1, bytesWritten: 1 },
};

const FIRST = "1111111111111111";
const SECOND = "2222222222222222";

async function writeOutput(url: string, version: OmeVersion, planHash: string, fill: number): Promise<void> {
  const plan = planOf(version, planHash);
  const output = await createOutput(plan, requestFor(plan, url, "overwrite"));
  for (const task of tasksFor(plan, url, output.run)) {
    const { objects } = await writeTile(task, new Float32Array(192).fill(fill));
    await writeTileRecord(task, { ...report, objects });
  }
  const { run } = output;
  for (const task of levelTasks(plannedOutput(plan, { url, run }), { level: 1, done: new Set() })) {
    await reduceTile(task, new AbortController().signal);
  }
  await output.finish(result, { windows: [{ min: 0, max: 9, start: 1, end: 8 }] });
}

const LABELS = ["labels/zarr.json", "labels/cells/0/zarr.json", "labels/cells/0/c/0/0/0", "tables/cells.csv"];

/** An output with labels, a table, and attributes at its root, as others would leave them. */
async function sharedOutput(version: OmeVersion = "0.5"): Promise<string> {
  const url = memoryUrl();
  await writeOutput(url, version, FIRST, 1);
  const store = openStore(url);
  for (const key of LABELS) await store.put(key, new TextEncoder().encode(key));
  const rootKey = version === "0.5" ? "zarr.json" : ".zattrs";
  const root = JSON.parse(new TextDecoder().decode(await store.get(rootKey)));
  const attributes = version === "0.5" ? root.attributes : root;
  attributes.sample = { stain: "DAPI" };
  if (version === "0.5") attributes.ome.bioformats = { layout: 3 };
  await store.put(rootKey, encodeJson(root));
  return url;
}

async function assertLabels(store: Store): Promise<void> {
  for (const key of LABELS) assertEquals(new TextDecoder().decode(await store.get(key)), key);
}

for (const version of ["0.5", "0.4"] as const) {
  Deno.test(`overwriting OME-Zarr ${version} replaces our levels, records and metadata, and nothing else`, async () => {
    const url = await sharedOutput(version);
    await writeOutput(url, version, SECOND, 2);
    const store = openStore(url);
    await assertLabels(store);
    assertEquals(await firstVoxel(url), 2);
    const { attributes } = (await readZarrNode(store, ""))!;
    assertEquals(attributes.sample, { stain: "DAPI" });
    assertEquals((attributes.clearstack as { planHash: string }).planHash, SECOND);
    const ome = version === "0.5" ? attributes.ome as Record<string, unknown> : attributes;
    assertEquals((ome.multiscales as { datasets: unknown[] }[])[0]!.datasets.length, 2);
    if (version === "0.5") assertEquals(ome.bioformats, { layout: 3 });
    const records = (await Array.fromAsync(store.list(".clearstack/tiles/"))).map((key) => key.split("/")[2]);
    assertEquals(records, [SECOND]);
    // Consolidated metadata would hide the labels.
    assertEquals(await store.get(".zmetadata"), undefined);
  });
}

Deno.test("an overwritten output is no image before the new one is finished, and its labels stay within reach", async () => {
  const url = await sharedOutput();
  const plan = planOf("0.5", SECOND);
  await createOutput(plan, requestFor(plan, url, "overwrite"));
  const root = await readZarrNode(openStore(url), "");
  assertEquals([root?.kind, root?.attributes], ["group", {
    sample: { stain: "DAPI" },
    ome: { bioformats: { layout: 3 } },
  }]);
  await assertLabels(openStore(url));
});

async function firstVoxel(url: string): Promise<number> {
  return Number((await (await openImage({ url })).readChunk([0, 0, 0])).values[0]);
}

/** A store whose process dies before its nth change. */
function dyingStore(store: Store, changes: number): Store {
  const change =
    <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) => async (...args: Args) => {
      if (changes-- <= 0) throw new Error("died");
      return await call(...args);
    };
  const { put, swap, delete: remove, deleteAll } = store;
  return { ...store, put: change(put), swap: change(swap), delete: change(remove), deleteAll: change(deleteAll) };
}

for (const shared of [true, false]) {
  Deno.test(`a removal that dies at any point leaves what can be overwritten (${shared ? "shared" : "alone"})`, async () => {
    for (let changes = 0;; changes++) {
      const url = shared ? await sharedOutput() : memoryUrl();
      if (!shared) await writeOutput(url, "0.5", FIRST, 1);
      const store = openStore(url);
      const { tag } = await readJob(store);
      const done = await beginOutput(dyingStore(store, changes), {
        room: { kind: "room", tag, remains: ["0", "1"], suspect: false },
        job: { planHash: SECOND, arrays: ["0", "1"] },
        create: () => Promise.resolve(),
      }).then(() => true, () => false);
      const ome = (await readZarrNode(store, ""))?.attributes.ome as Record<string, unknown> | undefined;
      if (ome?.multiscales !== undefined) assertEquals(await firstVoxel(url), 1, "an image is shown that is not whole");
      else assertEquals(await store.get(".clearstack/done.json"), undefined, "what is no image counts as complete");
      await writeOutput(url, "0.5", SECOND, 2);
      assertEquals(await firstVoxel(url), 2);
      if (shared) {
        await assertLabels(store);
        assertEquals((await readZarrNode(store, ""))!.attributes.sample, { stain: "DAPI" });
      }
      if (done) return;
    }
  });
}

Deno.test("a job that fails before its first tile takes its own arrays with it, not the labels", async () => {
  const url = await sharedOutput();
  const plan = planOf("0.5", SECOND);
  const output = await createOutput(plan, requestFor(plan, url, "overwrite"));
  await output.discard();
  const store = openStore(url);
  await assertLabels(store);
  assertEquals(
    (await Array.fromAsync(store.list(""))).sort(),
    [".clearstack/shared.json", ...LABELS, "zarr.json"].sort(),
  );
  // The place is free for the next job, which need not ask to overwrite.
  await createOutput(plan, requestFor(plan, url, "fail"));
  await assertLabels(store);
});

Deno.test("no version of Zarr is written beside groups of another", async () => {
  const url = await sharedOutput("0.5");
  const plan = planOf("0.4", SECOND);
  const run = () => createOutput(plan, requestFor(plan, url, "overwrite"));
  const error = await assertRejects(run, ClearstackError, "labels, tables, stored as Zarr v3");
  assertEquals(error.kind, "conflict");
  assertEquals(await firstVoxel(url), 1);
});
