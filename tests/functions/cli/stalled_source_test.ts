/**
 * Sources on a web server that accepts requests and answers no more of them: whatever was being read, an interruption ends the
 * command, and without one it ends once nothing has come for the time agreed.
 */
import { assert, assertEquals } from "@std/assert";
import { encodeTiff } from "shared/image/tiff/write_tiff.ts";
import { configureStores } from "../../stores.ts";
import { oneDirectoryTiff } from "../../fixtures/one_directory_tiff.ts";
import { type RangeServer, serveRanges } from "../../fixtures/servers/range_server.ts";
import { keysBelow } from "../identity_jobs.ts";
import { zipOf } from "../../fixtures/zip.ts";
import { patternedVoxels, writePsf, writeZarr } from "../sample_image.ts";
import { runCli } from "./run_cli.ts";

/** Pages larger than the blocks in which directories are read, so that each is a request of its own. */
const SHAPE = [4, 150, 160] as const;
const folder = await Deno.makeTempDir({ prefix: "clearstack-stalled-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

const values = patternedVoxels(SHAPE);
const plane = [SHAPE[1], SHAPE[2]] as const;
const description = `ImageJ=1.54f\nimages=${SHAPE[0]}\nslices=${SHAPE[0]}\n`;
await Deno.writeFile(`${folder}/pages.tif`, encodeTiff({ shape: SHAPE, values: Float32Array.from(values) }));
await Deno.writeFile(`${folder}/one.tif`, oneDirectoryTiff({ plane, values, description }));
await writeZarr(`${folder}/chunks.zarr`, { shape: SHAPE, chunk: [2, 75, 160], values });
const keys = await keysBelow(`${folder}/chunks.zarr`);
const files = keys.map(async (key) => [key, await Deno.readFile(`${folder}/chunks.zarr/${key}`)] as const);
await Deno.writeFile(`${folder}/zipped.zarr.zip`, zipOf(Object.fromEntries(await Promise.all(files))));
await writePsf(`${folder}/psf.zarr`);

/** Warnings of the plan come before, and what is said of a tile that was finished follows. */
const CANCELLED = /^(?:warning: [^\n]*\n)*clearstack: the job was cancelled[^\n]*\n$/;

/** A server that answers so many requests, and leaves the others waiting. */
function stallingServer(
  answered: number,
): RangeServer & { readonly stalled: Promise<void>; readonly requests: () => number } {
  const stalled = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  let requests = 0;
  const server = serveRanges(async (name) => {
    if (++requests > answered) {
      stalled.resolve();
      await closed.promise;
    }
    return await Deno.readFile(`${folder}/${name}`);
  });
  return {
    ...server,
    stalled: stalled.promise,
    requests: () => requests,
    [Symbol.asyncDispose]: async () => {
      closed.resolve();
      await server[Symbol.asyncDispose]();
    },
  };
}

function argsFor(source: string, psf: string, output = "out.zarr"): string[] {
  return [
    "deconvolve",
    source,
    `${folder}/${output}`,
    "--psf",
    psf,
    "--backend",
    "cpu",
    "--iterations",
    "1",
    "--tile",
    "4,150,80",
  ];
}

const shards = [...argsFor(`${folder}/chunks.zarr`, `${folder}/psf.zarr`, "shards.zarr"), "--shards", "4,150,80"];
assertEquals((await runCli(shards)).status, 0);

for (const source of ["pages.tif", "one.tif", "chunks.zarr", "shards.zarr", "zipped.zarr.zip"]) {
  Deno.test(`an interruption ends a job whose source ${source} stalls, at whichever request it does`, async () => {
    // Nobody would wait so long: what ends does so by the interruption.
    configureStores({ env: () => undefined, guard: { timeoutMs: 2 ** 30 } });
    let finished = false;
    let answered = 0;
    for (; !finished; answered++) {
      await using server = stallingServer(answered);
      const onInterrupt = (stop: () => void) => void server.stalled.then(stop);
      const { status, err } = await runCli(argsFor(`${server.url}/${source}`, `${folder}/psf.zarr`), { onInterrupt });
      finished = status === 0;
      assert(finished || (status === 1 && CANCELLED.test(err)), `after ${answered} requests: ${err}`);
      await Deno.remove(`${folder}/out.zarr`, { recursive: true }).catch(() => {});
    }
    // Opening, what is decided for the whole image, and each of two tiles.
    assert(answered > 5, `${answered - 1} requests were enough`);
    configureStores({ env: () => undefined });
  });
}

Deno.test("an interruption ends a job whose PSF stalls", async () => {
  configureStores({ env: () => undefined, guard: { timeoutMs: 2 ** 30 } });
  for (const answered of [0, 1, 2]) {
    await using server = stallingServer(answered);
    const onInterrupt = (stop: () => void) => void server.stalled.then(stop);
    const args = argsFor(`${folder}/chunks.zarr`, `${server.url}/psf.zarr`);
    const { status, err } = await runCli(args, { onInterrupt });
    const said = "clearstack: the job was cancelled; nothing was written: run the same job again\n";
    assertEquals([status, err], [1, said], `after ${answered} requests`);
  }
  configureStores({ env: () => undefined });
});

Deno.test("a source that stalls for good ends the command after three waits, in one line that names it", async () => {
  configureStores({ env: () => undefined, guard: { timeoutMs: 300, backoffMs: 1 } });
  for (const source of ["pages.tif", "chunks.zarr"]) {
    for (const answered of [0, 1]) {
      await using server = stallingServer(answered);
      const { status, err } = await runCli(argsFor(`${server.url}/${source}`, `${folder}/psf.zarr`));
      assertEquals(status, 2, err);
      assert(/^clearstack: [^\n]+: no answer within 0\.3 s\n$/.test(err) && err.includes(`/${source}`), err);
      assertEquals(server.requests(), answered + 3);
    }
  }
  configureStores({ env: () => undefined });
});
