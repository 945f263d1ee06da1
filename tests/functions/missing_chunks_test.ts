/** Boxes of which no chunk is stored are neither read nor computed, and come out as if they had been. */
import { assert, assertEquals } from "@std/assert";
import { createTileComputer } from "functions/deconvolve/compute_tile.ts";
import { runJob } from "functions/orchestrate/run/run_job.ts";
import { runShare } from "functions/orchestrate/run/run_share.ts";
import { createLevelReducer } from "functions/pyramid/reduce_tile.ts";
import { type JobRequest, type JobRequestInput, JobRequestSchema } from "shared/contract/job_request.ts";
import type { TileReport } from "shared/contract/tile.ts";
import { createLocalEngine } from "shared/engine/local.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import * as zarr from "zarrita";
import { registerCodecs } from "shared/codec/codecs.ts";
import { memoryUrl } from "../fixtures/memory_url.ts";
import { readWhole } from "../fixtures/read_whole.ts";
import { openImage, openStore } from "../stores.ts";
import { identityJobs, keysBelow } from "./identity_jobs.ts";
import { identityKernels } from "./identity_kernels.ts";
import { startViews } from "./view/view_service.ts";
import { patternedVoxels, writePsf, writeZarr } from "./sample_image.ts";

registerCodecs();

/** Eight chunks along x, of which the first two are stored; tiles of one chunk, with a halo of 4. */
const SHAPE = [4, 16, 1024];
const CHUNK = [4, 16, 128];
const STORED = 2;

interface Sample {
  readonly fill?: number;
  readonly algorithm?: JobRequestInput["algorithm"];
  readonly output?: Partial<JobRequestInput["output"]>;
}

/** A request over an image whose last chunks are missing, and one over the same image with all of them stored. */
async function samples({ fill = 0, algorithm, output }: Sample = {}) {
  const request = async (stored: boolean): Promise<JobRequest> => {
    const url = memoryUrl();
    const values = patternedVoxels(SHAPE).map((value, index) => index % 1024 < 128 * STORED ? value : fill);
    await writeZarr(`${url}/image`, { shape: SHAPE, chunk: CHUNK, values });
    const store = openStore(`${url}/image`);
    const document = JSON.parse(new TextDecoder().decode(await store.get("zarr.json")));
    await store.put("zarr.json", new TextEncoder().encode(JSON.stringify({ ...document, fill_value: fill })));
    for (let x = STORED; x < 8 && !stored; x++) await store.delete(`c/0/0/${x}`);
    await writePsf(`${url}/psf`, [1, 3, 3]);
    return JobRequestSchema.parse({
      source: { url: `${url}/image` },
      psf: { url: `${url}/psf` },
      output: { url: `${url}/output`, ...output },
      tiling: { tile: [4, 16, 128], halo: [0, 4, 4] },
      algorithm: { boundary: "nearest", ...algorithm },
      // These kernels take no background off.
      seamCheck: 0,
      backend: "cpu",
    });
  };
  return { missing: await request(false), whole: await request(true) };
}

async function reports(request: JobRequest) {
  const tiles: TileReport[] = [];
  const result = await runJob(request, identityJobs(), { onProgress: ({ tile }) => void (tile && tiles.push(tile)) });
  return { result, tiles: tiles.sort((a, b) => a.index - b.index) };
}

const level = async ({ output: { url } }: JobRequest, path: string) => await readWhole(await openImage({ url, path }));
const chunkKeys = async ({ output: { url } }: JobRequest) =>
  (await keysBelow(url)).filter((key) => /^\d+\/c\//.test(key));

for (
  const [name, sample] of Object.entries<Sample>({
    "zeros": {},
    "another fill value": { fill: 300 },
    "a background": { fill: 300, algorithm: { background: 40 } },
    "an offset": { fill: 7, algorithm: { background: -20 } },
    "shards": { fill: 300, output: { shards: [4, 16, 128] } },
    "stored integers": { fill: 300, output: { dtype: "uint16", range: [100, 200] } },
    "unknown edges": { fill: 300, algorithm: { boundary: "non-circulant" } },
    "edges of the same value": { fill: 300, algorithm: { boundary: "constant", boundaryValue: 300 } },
  })
) {
  Deno.test(`missing chunks give the output, counts and windows that stored ones give, with ${name}`, async () => {
    const { missing, whole } = await samples(sample);
    const [left, read] = [await reports(missing), await reports(whole)];
    // Tile 2 has structure in its halo.
    const empty = (reason: string) => [undefined, undefined, undefined, ...new Array(5).fill(reason)];
    assertEquals(left.tiles.map(({ empty }) => empty), empty("missing"));
    assertEquals(read.tiles.map(({ empty }) => empty), empty("flat"));
    for (const path of ["0", "1", "2"]) assertEquals(await level(missing, path), await level(whole, path), path);
    for (const [index, { values, clipping }] of left.tiles.entries()) {
      assertEquals([values, clipping], [read.tiles[index]!.values, read.tiles[index]!.clipping], `${index}`);
    }
    assertEquals(left.result.clipping, read.result.clipping);
    assertEquals([left.result.empty?.tiles, left.result.empty?.missing, left.result.empty?.places], [5, 5, undefined]);
    const windows = async ({ output: { url } }: JobRequest) =>
      JSON.parse(new TextDecoder().decode(await openStore(url).get("zarr.json"))).attributes.ome.omero;
    assertEquals(await windows(missing), await windows(whole));
  });
}

Deno.test("of zeros nothing is stored, at any level, and of other values what would be encoded of them", async () => {
  const { missing } = await samples();
  await reports(missing);
  assertEquals(await chunkKeys(missing), [
    "0/c/0/0/0",
    "0/c/0/0/1",
    "0/c/0/0/2",
    "1/c/0/0/0",
    "1/c/0/0/1",
    "2/c/0/0/0",
  ]);
  const filled = await samples({ fill: 300 });
  await reports(filled.missing);
  await reports(filled.whole);
  const keys = await chunkKeys(filled.missing);
  assertEquals(keys, await chunkKeys(filled.whole));
  const [own, other] = [filled.missing, filled.whole].map(({ output }) => openStore(output.url));
  for (const key of keys) assertEquals(await own!.get(key), await other!.get(key), key);
});

Deno.test("an image without any chunk is asked for nothing but which chunks there are", async () => {
  const { missing } = await samples();
  const asked: string[] = [];
  const folder = openStore(missing.source.url);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async ({ method, url }) => {
    const key = new URL(url).pathname.slice(1);
    if (key.startsWith("c/")) asked.push(`${method} ${key}`);
    const bytes = await folder.get(key);
    return new Response(bytes as Uint8Array<ArrayBuffer> | undefined, { status: bytes === undefined ? 404 : 200 });
  });
  for (const x of [0, 1]) await folder.delete(`c/0/0/${x}`);
  const source = { url: `http://127.0.0.1:${server.addr.port}`, allowEmpty: true as const };
  const { result } = await reports({ ...missing, source });
  await server.shutdown();
  assertEquals(asked.filter((request) => !request.startsWith("HEAD")), []);
  assertEquals([result.empty?.missing, result.bytesRead], [8, 0]);
  // Of each once, though neighbours have it in their halos.
  assertEquals(asked.length, 8);
});

Deno.test("a server that calls a document missing that it sends is not believed of chunks", async () => {
  const { missing } = await samples();
  const folder = openStore(missing.source.url);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async ({ method, url }) => {
    const bytes = method === "HEAD" ? undefined : await folder.get(new URL(url).pathname.slice(1));
    return new Response(bytes as Uint8Array<ArrayBuffer> | undefined, { status: bytes === undefined ? 404 : 200 });
  });
  const remote = { ...missing, source: { url: `http://127.0.0.1:${server.addr.port}`, allowEmpty: true as const } };
  const { tiles } = await reports({ ...remote, output: { ...remote.output, url: memoryUrl() } });
  await server.shutdown();
  assertEquals(tiles.map(({ empty }) => empty), [undefined, undefined, undefined, ...new Array(5).fill("flat")]);
});

Deno.test("runs that stop, shares and any order of tiles leave the same objects", async () => {
  const { missing } = await samples({ fill: 300 });
  await reports(missing);
  const objects = async (url: string) => {
    const keys = (await keysBelow(url)).filter((key) => /^\d+\/c\//.test(key));
    return await Promise.all(keys.map(async (key) => [key, await openStore(url).get(key)] as const));
  };
  const expected = await objects(missing.output.url);
  const shared = { ...missing, output: { ...missing.output, url: memoryUrl() } };
  for (const index of [2, 0, 1]) await runShare(shared, identityJobs(), { share: { index, of: 3 } });
  assertEquals(await objects(shared.output.url), expected);
  const { tiles, ...others } = createTileComputer(identityKernels(), NO_ENVIRONMENT);
  const engine = createLocalEngine({ ...others, tiles, levels: createLevelReducer(NO_ENVIRONMENT) });
  const backwards: typeof engine = {
    fanOut: (kind, tasks, options) => engine.fanOut(kind, [...tasks].reverse(), options),
  };
  const reversed = { ...missing, output: { ...missing.output, url: memoryUrl() } };
  const stop = new AbortController();
  let done = 0;
  const onProgress = ({ type }: { readonly type: string }) => {
    if (type === "tile" && ++done === 3) stop.abort();
  };
  const jobs = { ...identityJobs(), engine: backwards };
  const stopped = await runJob(reversed, jobs, { signal: stop.signal, onProgress }).catch((error) => error);
  assert(/cancelled/.test(String(stopped)), String(stopped));
  await runJob(reversed, jobs);
  assertEquals(await objects(reversed.output.url), expected);
});

Deno.test("a view shows zeros where nothing is stored, at any level, and computes nothing for them", async () => {
  const { missing, whole } = await samples({ algorithm: { background: 1 } });
  await reports(whole);
  const kernels = identityKernels();
  await using service = await startViews({ deps: identityJobs(kernels) });
  const { output: _, seamCheck: __, ...request } = missing;
  const view = await service.views.create({ ...request, algorithm: { ...request.algorithm, background: 1 } });
  const group = zarr.root(new zarr.FetchStore(service.rootOf(view)));
  for (const path of ["0", "1", "2"]) {
    const shown = await zarr.get(await zarr.open.v3(group.resolve(path), { kind: "array" }));
    assertEquals(shown.data, await level(whole, path));
  }
  const response = await fetch(`${service.rootOf(view)}/0/c/0/0/3`);
  assertEquals(response.status, 200);
  await response.body?.cancel();
  assertEquals(kernels.runs.length, 3);
});
