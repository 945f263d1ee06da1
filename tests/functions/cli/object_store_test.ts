/** Whole jobs from bucket to bucket, with the way to the server in order and not. */
import { assert, assertEquals } from "@std/assert";
import { type Fault, faultProxy } from "../../fixtures/servers/fault_proxy.ts";
import {
  azuriteServer,
  cephServer,
  environmentOf,
  type ObjectServer,
  testOn,
} from "../../fixtures/servers/object_servers.ts";
import { patternedVoxels, writePsf, writeZarr } from "../sample_image.ts";
import { runCli } from "./run_cli.ts";
import { configureStores, openStore } from "../../stores.ts";

/** Wide enough for a coarser level. */
const SHAPE = [12, 20, 264];
const TILE = ["--tile", "6,10,132"];
const ceph = await cephServer();
const azurite = await azuriteServer();

for (const [name, server] of [["Ceph", ceph], ["azurite", azurite]] as const) {
  testOn(server, `from ${name} to ${name}, a job writes the same chunks as from memory to memory`, async (running) => {
    const url = running.freshUrl();
    configureStores(running.environment);
    await writeSample(url);
    await deconvolve(url);
    assertEquals(await chunksBelow(url), await chunksInMemory());

    const again = await runCli(argumentsOf(url));
    assertEquals(again.status, 2);
    assert(again.err.includes("--overwrite"), again.err);
    assertEquals((await runCli([...argumentsOf(url), "--overwrite"])).status, 0);
    await openStore(url).deleteAll("");
  });
}

const FORMS = {
  // Of 2 chunks along x, which they do not fill.
  "shards": ["--tile", "12,10,264", "--shards", "12,10,264"],
  "OME-Zarr 0.4": [...TILE, "--ome-version", "0.4"],
};

for (const [form, flags] of Object.entries(FORMS)) {
  for (const [name, server] of [["Ceph", ceph], ["azurite", azurite]] as const) {
    testOn(server, `into ${form} on ${name}, a job writes the same objects as into memory`, async (running) => {
      const url = running.freshUrl();
      configureStores(running.environment);
      await writeSample(url);
      await deconvolve(url, flags);
      assertEquals(await chunksBelow(url), await chunksInMemory(flags));
      await openStore(url).deleteAll("");
    });
  }
}

for (const fault of ["busy", "reset", "lost", "truncated"] as Fault[]) {
  testOn(ceph, `a job writes the same chunks though every request to Ceph is ${fault} once`, async (server) => {
    const url = server.freshUrl();
    configureStores(server.environment);
    await writeSample(url);
    await using proxy = faultProxy(
      server.variables.AWS_ENDPOINT_URL!,
      (_method, _path, earlier) => earlier === 0 ? fault : undefined,
    );
    configureStores(environmentOf({ ...server.variables, AWS_ENDPOINT_URL: proxy.origin }));
    await deconvolve(url);
    configureStores(server.environment);
    assertEquals(await chunksBelow(url), await chunksInMemory());
    await openStore(url).deleteAll("");
  });
}

testOn(ceph, "credentials that may not write are told in one line before anything is computed", async (server) => {
  const url = server.freshUrl();
  configureStores(server.environment);
  await writeSample(url);
  const wrong = { ...server.variables, AWS_SECRET_ACCESS_KEY: "wrong" } as ObjectServer["variables"];
  configureStores(environmentOf(wrong));
  const { status, err } = await runCli(argumentsOf(url));
  assertEquals(status, 2);
  assert(/^clearstack: [^\n]+AWS_SECRET_ACCESS_KEY[^\n]*\n$/.test(err), err);
  assertEquals(err.includes("wrong"), false);
});

async function writeSample(url: string): Promise<void> {
  await writeZarr(`${url}/image.zarr`, { shape: SHAPE, chunk: [6, 10, 132], values: patternedVoxels(SHAPE) });
  await writePsf(`${url}/psf.zarr`);
}

function argumentsOf(url: string, flags: readonly string[] = TILE): string[] {
  const places = ["deconvolve", `${url}/image.zarr`, `${url}/out.zarr`, "--psf", `${url}/psf.zarr`];
  return [...places, "--backend", "cpu", "--iterations", "2", "--halo", "2,4,4", ...flags];
}

async function deconvolve(url: string, flags?: readonly string[]): Promise<void> {
  const { status, err } = await runCli(argumentsOf(url, flags));
  assertEquals(status, 0, err);
}

async function chunksInMemory(flags?: readonly string[]): Promise<[string, Uint8Array][]> {
  const url = `memory:${crypto.randomUUID()}`;
  await writeSample(url);
  await deconvolve(url, flags);
  return await chunksBelow(url);
}

/** Chunks or shards of all levels of the output, by key. */
async function chunksBelow(url: string): Promise<[string, Uint8Array][]> {
  const store = openStore(`${url}/out.zarr`);
  const keys = (await Array.fromAsync(store.list(""))).filter((key) => /^\d+\/(c\/)?\d/.test(key)).sort();
  assertEquals([...new Set(keys.map((key) => key.split("/")[0]))], ["0", "1"]);
  return await Promise.all(keys.map(async (key): Promise<[string, Uint8Array]> => [key, (await store.get(key))!]));
}
