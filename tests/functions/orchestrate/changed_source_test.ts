/**
 * Sources that are written anew while a job reads them: the job stops and names what changed, and only a new plan goes on. In no case
 * is the output a mixture.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { runJob } from "functions/orchestrate/run/run_job.ts";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { ClearstackError } from "shared/errors.ts";
import { DONE_KEY } from "shared/image/output/output_layout.ts";
import { encodeTiff } from "shared/image/tiff/write_tiff.ts";
import type { StoreEnvironment } from "shared/storage/store_environment.ts";
import { openImage, openStore } from "../../stores.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { zipOf } from "../../fixtures/zip.ts";
import { identityJobs, keysBelow, readOutput } from "../identity_jobs.ts";
import { patternedVoxels, writePsf, writeZarr } from "../sample_image.ts";

/** Pages larger than the blocks in which a TIFF is read, so that no file is held whole from the beginning. */
const SHAPE = [20, 160, 144] as const;
const BEFORE = patternedVoxels(SHAPE);
const AFTER = BEFORE.map((value) => value + 1);

/** Longer than the tolerance for times in whole seconds. */
const LATER_MS = 60_000;

/** Longer than the grain of the clock by which a file system notes times. */
const GRAIN_MS = 50;

interface Place {
  readonly folder: string;
  /** A server that shows the files of the folder with tags and times, as web servers and object stores do. */
  readonly origin: string;
  /** Leads to the same server as one of S3. */
  readonly environment: StoreEnvironment;
  /** Milliseconds that the clock of the server is ahead. */
  aheadMs: number;
}

async function withFolder(use: (place: Place) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-changed-" });
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (searchParams.has("list-type")) return new Response(null, { status: 403 });
    const path = folder + decodeURIComponent(pathname);
    try {
      const { size, mtime } = await Deno.stat(path);
      const headers = new Headers({
        etag: `"${size}-${mtime!.getTime()}"`,
        "last-modified": mtime!.toUTCString(),
        date: new Date(Date.now() + place.aheadMs).toUTCString(),
      });
      const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "") ?? [];
      const bytes = await Deno.readFile(path);
      if (first === undefined) {
        headers.set("content-length", `${size}`);
        return new Response(request.method === "HEAD" ? null : bytes, { headers });
      }
      const end = Math.min(Number(last) + 1, size);
      headers.set("content-range", `bytes ${first}-${end - 1}/${size}`);
      if (Number(first) >= size) {
        return new Response(null, { status: 416, headers: { "content-range": `bytes */${size}` } });
      }
      return new Response(bytes.slice(Number(first), end), { status: 206, headers });
    } catch {
      return new Response(null, { status: 404 });
    }
  });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const variables: Record<string, string> = {
    AWS_ENDPOINT_URL: origin,
    AWS_NO_SIGN_REQUEST: "true",
    AWS_REGION: "local",
  };
  const environment = { env: (name: string) => variables[name], guard: { backoffMs: 1 } };
  const place: Place = { folder, origin, environment, aheadMs: 0 };
  try {
    await use(place);
  } finally {
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
}

/** URL of a folder by the ways that lead to it; buckets have names of three characters or more. */
const WAYS: Readonly<Record<string, (place: Place) => string>> = {
  "a folder": ({ folder }) => `${folder}/bucket`,
  "a web server": ({ origin }) => `${origin}/bucket`,
  "an S3 server": () => "s3://bucket",
};

interface Form {
  readonly name: string;
  /** Writes the source. */
  write(folder: string, values: Uint16Array): Promise<void>;
  /** The way to it, where not all of them lead there: servers do not list folders. */
  readonly onlyIn?: string;
}

const FORMS: readonly Form[] = [
  {
    name: "image.tif",
    write: async (folder, values) => {
      await Deno.writeFile(`${folder}/image.tif`, encodeTiff({ shape: SHAPE, values: Float32Array.from(values) }));
    },
  },
  {
    name: "image.zarr",
    write: (folder, values) => writeZarr(`${folder}/image.zarr`, { shape: SHAPE, chunk: [7, 64, 64], values }),
  },
  {
    name: "planes",
    write: async (folder, values) => {
      await Deno.mkdir(`${folder}/planes`, { recursive: true });
      const planeVoxels = SHAPE[1] * SHAPE[2];
      for (let z = 0; z < SHAPE[0]; z++) {
        const plane = Float32Array.from(values.subarray(z * planeVoxels, (z + 1) * planeVoxels));
        const bytes = encodeTiff({ shape: [1, SHAPE[1], SHAPE[2]], values: plane });
        await Deno.writeFile(`${folder}/planes/z_${z}.tif`, bytes);
      }
    },
    onlyIn: "a folder",
  },
  {
    name: "image.zarr.zip",
    write: async (folder, values) => {
      const url = memoryUrl();
      await writeZarr(url, { shape: SHAPE, chunk: [7, 64, 64], values });
      const files = (await keysBelow(url)).map(async (key) => [key, (await openStore(url).get(key))!] as const);
      await Deno.writeFile(`${folder}/image.zarr.zip`, zipOf(Object.fromEntries(await Promise.all(files))));
    },
  },
];

/** Writes the voxels of a source anew, on a server whose clock has gone on meanwhile; metadata stay as they are. */
async function change(place: Place, form: Form): Promise<void> {
  const folder = `${place.folder}/bucket`;
  const metadata = `${folder}/image.zarr/zarr.json`;
  const kept = (await Deno.stat(metadata).catch(() => undefined))?.mtime;
  await new Promise((resolve) => setTimeout(resolve, GRAIN_MS));
  await form.write(folder, AFTER);
  if (kept) await Deno.utime(metadata, kept, kept);
  if (place.aheadMs === 0) return;
  const later = new Date(Date.now() + place.aheadMs);
  for await (const path of filesBelow(folder)) {
    if (/image.*\/c\/|image\.tif$|\.zip$/.test(path)) await Deno.utime(path, later, later);
  }
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* filesBelow(`${folder}/${name}`);
    else yield `${folder}/${name}`;
  }
}

function requestFor(base: string, { folder }: Place, form: Form) {
  const parse = (ifExists: string) =>
    JobRequestSchema.parse({
      source: { url: `${base}/${form.name}` },
      psf: { url: `${base}/psf.zarr` },
      output: { url: `${folder}/output`, ifExists },
      tiling: { tile: [10, 64, 64], halo: [2, 4, 4] },
      backend: "cpu",
    });
  return { request: parse("resume"), anew: parse("overwrite") };
}

function undisturbed({ environment }: Place) {
  return identityJobs(undefined, undefined, environment);
}

/** Jobs whose tiles take turns, with something done after the third one. */
function jobsChanging({ environment }: Place, after: () => unknown) {
  let tiles = 0;
  let turn: Promise<unknown> = Promise.resolve();
  return identityJobs(undefined, (invoke) => (task, signal) => {
    const mine = turn.then(async () => {
      const report = await invoke(task, signal);
      if (++tiles === 3) await after();
      return report;
    });
    turn = mine.catch(() => {});
    return mine;
  }, environment);
}

for (const [way, urlOf] of Object.entries(WAYS)) {
  const changeLater = async (place: Place, form: Form) => {
    if (way !== "a folder") place.aheadMs = LATER_MS;
    await change(place, form);
  };

  for (const form of FORMS.filter(({ onlyIn = way }) => onlyIn === way)) {
    const sourceFiles = async (folder: string) => {
      await Deno.mkdir(`${folder}/bucket`);
      await form.write(`${folder}/bucket`, BEFORE);
      await writePsf(`${folder}/bucket/psf.zarr`);
    };
    const assertConflict = async (job: Promise<unknown>, output: string) => {
      const error = await assertRejects(() => job, ClearstackError, "changed since the job was planned");
      assertEquals(error.kind, "conflict", error.message);
      assert(error.message.includes(`/${form.name}`) && error.message.includes("--overwrite"), error.message);
      assertEquals(await openStore(output).head(DONE_KEY), undefined);
    };

    Deno.test(`${form.name} in ${way} that is written anew during a job stops it, and only a new plan goes on`, () =>
      withFolder(async (place) => {
        const { folder } = place;
        await sourceFiles(folder);
        const { request, anew } = requestFor(urlOf(place), place, form);
        const output = request.output.url;
        await assertConflict(runJob(request, jobsChanging(place, () => changeLater(place, form))), output);
        const again = await assertRejects(() => runJob(request, undisturbed(place)), ClearstackError);
        assertEquals(again.kind, "conflict", again.message);
        assert(again.message.includes("--overwrite"), again.message);
        await runJob(anew, undisturbed(place));
        assertEquals(await readOutput(output), Float32Array.from(AFTER));
      }));

    Deno.test(`${form.name} in ${way} that is written anew between a run and the next is not mixed into its tiles`, () =>
      withFolder(async (place) => {
        const { folder } = place;
        await sourceFiles(folder);
        const { request, anew } = requestFor(urlOf(place), place, form);
        const stop = new AbortController();
        const interrupted = runJob(request, jobsChanging(place, () => stop.abort()), { signal: stop.signal });
        assertEquals((await assertRejects(() => interrupted, ClearstackError)).kind, "cancelled");
        await changeLater(place, form);
        const error = await assertRejects(() => runJob(request, undisturbed(place)), ClearstackError);
        assertEquals(error.kind, "conflict", error.message);
        assert(error.message.includes("--overwrite"), error.message);
        await runJob(anew, undisturbed(place));
        assertEquals(await readOutput(request.output.url), Float32Array.from(AFTER));
      }));

    Deno.test(`${form.name} in ${way} that stays as it is is read to the end by a second run`, () =>
      withFolder(async (place) => {
        const { folder } = place;
        await sourceFiles(folder);
        const { request } = requestFor(urlOf(place), place, form);
        const stop = new AbortController();
        const interrupted = runJob(request, jobsChanging(place, () => stop.abort()), { signal: stop.signal });
        assertEquals((await assertRejects(() => interrupted, ClearstackError)).kind, "cancelled");
        await runJob(request, undisturbed(place));
        assertEquals(await readOutput(request.output.url), Float32Array.from(BEFORE));
      }));
  }

  Deno.test(`a PSF in ${way} that is another by the first tile stops the job`, () =>
    withFolder(async (place) => {
      const { folder } = place;
      const [form] = FORMS;
      await Deno.mkdir(`${folder}/bucket`);
      await form!.write(`${folder}/bucket`, BEFORE);
      await writePsf(`${folder}/bucket/psf.zarr`);
      const { request } = requestFor(urlOf(place), place, form!);
      const jobs = identityJobs(undefined, (invoke) => async (task, signal) => {
        await writeZarr(`${folder}/bucket/psf.zarr`, {
          shape: [3, 5, 5],
          chunk: [3, 5, 5],
          values: BEFORE.slice(0, 75),
        });
        return await invoke(task, signal);
      }, place.environment);
      const error = await assertRejects(() => runJob(request, jobs), ClearstackError, "psf.zarr changed since");
      assertEquals(error.kind, "conflict");
    }));
}

Deno.test("a TIFF that became shorter, and one that is gone, are changed and not damaged", () =>
  withFolder(async (place) => {
    const { folder } = place;
    const [form] = FORMS;
    await Deno.mkdir(`${folder}/bucket`);
    await writePsf(`${folder}/bucket/psf.zarr`);
    const file = `${folder}/bucket/image.tif`;
    for (const urlOf of Object.values(WAYS)) {
      for (const spoil of [() => Deno.truncate(file, 3000), () => Deno.remove(file)]) {
        await form!.write(`${folder}/bucket`, BEFORE);
        const { anew } = requestFor(urlOf(place), place, form!);
        const error = await assertRejects(() => runJob(anew, jobsChanging(place, spoil)), ClearstackError);
        assertEquals(error.kind, "conflict", error.message);
      }
    }
  }));

Deno.test("a file of several that is replaced before its plane is first read is refused", () =>
  withFolder(async ({ folder }) => {
    const { write } = FORMS.find(({ name }) => name === "planes")!;
    await write(folder, BEFORE);
    const image = await openImage({ url: `${folder}/planes` });
    await image.readChunk([0, 0, 0]);
    await image.readChunk([18, 0, 0]);
    await new Promise((resolve) => setTimeout(resolve, GRAIN_MS));
    await Deno.copyFile(`${folder}/planes/z_0.tif`, `${folder}/planes/z_19.tif`);
    const error = await assertRejects(() => image.readChunk([19, 0, 0]), ClearstackError, "z_19.tif changed since");
    assertEquals(error.kind, "conflict");
  }));
