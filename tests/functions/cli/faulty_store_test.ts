/** Whole jobs from bucket to bucket over a way that fails again and again: the bytes are those of a way in order, or none. */
import { assert, assertEquals } from "@std/assert";
import { type Fault, type FaultPlan, faultProxy, PAUSE_MILLISECONDS } from "../../fixtures/servers/fault_proxy.ts";
import { cephServer, environmentOf, type ObjectServer, testOn } from "../../fixtures/servers/object_servers.ts";
import { patternedVoxels, writePsf, writeZarr } from "../sample_image.ts";
import { runCli } from "./run_cli.ts";
import { configureStores, openStore } from "../../stores.ts";

const SHAPE = [6, 12, 140];
/** As sources and outputs are stored: the first job makes the source of the second. */
const FORMS: Readonly<Record<string, readonly string[]>> = {
  chunks: ["--shards", "none", "--tile", "6,12,70"],
  shards: ["--shards", "6,12,70"],
};
const FAULTS: readonly Fault[] = [
  ...["busy", "reset", "lost", "truncated", "overpromised", "whole", "broken"] as const,
  ...["late", "trickled", "stalled", "silent", "unanswered"] as const,
];
/** Given up sooner than by real stores, and later than what is only slow. */
const GUARD = { timeoutMs: 5 * PAUSE_MILLISECONDS, backoffMs: 20 };
/** What never ends, of which requests; all of them would only repeat the same wait. */
const LASTING = [
  ["chunks", "busy", "PUT"],
  ["chunks", "truncated", "GET"],
  ["chunks", "unanswered", "PUT"],
  ["shards", "reset", "GET"],
  ["shards", "stalled", "GET"],
  ["shards", "silent", "PUT"],
] as const;
const ceph = await cephServer();

for (const [form, flags] of Object.entries(FORMS)) {
  testOn(
    ceph,
    `a job over ${form} writes the same bytes though requests fail at random, several times each`,
    async (server) => {
      const { url, expected } = await undisturbed(server, flags);
      const seen = new Set<string>();
      for (const seed of [1, 2, 3, 4, 5, 6]) {
        const { status, err, faults } = await disturbed(server, url, flags, randomFaults(seed));
        assertEquals(status, 0, err);
        for (const fault of faults) seen.add(fault);
        assertEquals(await objectsBelow(`${url}/out.zarr`), expected);
      }
      // Nothing is proven by faults that did not happen.
      assertEquals([...seen].sort(), [...FAULTS].sort());
      await openStore(url).deleteAll("");
    },
  );
}

for (const [form, fault, method] of LASTING) {
  const flags = FORMS[form]!;
  const name =
    `a job over ${form} whose every ${method} of voxels is ${fault} fails in one line, and a repeat completes it`;
  testOn(ceph, name, async (server) => {
    const { url, expected } = await undisturbed(server, flags);
    const place = method === "PUT" ? /\/out\.zarr\/0\/c\// : /\/image\.zarr\/0\/c\//;
    const plan: FaultPlan = (asked, path) => asked === method && place.test(path) ? fault : undefined;
    const { status, err } = await disturbed(server, url, flags, plan);
    assertEquals(status, 2, err);
    assert(/clearstack: [^\n]*(out|image)\.zarr[^\n]*\n$/.test(err), err);
    assertEquals(await runCli(argumentsOf(url, [...flags, "--resume"])).then((run) => run.status), 0);
    assertEquals(await objectsBelow(`${url}/out.zarr`), expected);
    await openStore(url).deleteAll("");
  });
}

/** Spoils four of ten requests, by seed, but none more than twice in a row. */
function randomFaults(seed: number): FaultPlan {
  let state = seed;
  const random = () => (state = state * 48271 % 2147483647) / 2147483647;
  return (method, _path, earlier) => {
    if (earlier % 3 === 2 || random() > 0.4) return undefined;
    const fault = FAULTS[Math.floor(random() * FAULTS.length)]!;
    return fault === "whole" && method !== "GET" ? "busy" : fault;
  };
}

/** A source in the form that the flags ask for, and the objects of a job whose way to the store is in order. */
async function undisturbed(server: ObjectServer, flags: readonly string[]) {
  const url = server.freshUrl();
  configureStores(server.environment);
  await writeZarr(`${url}/raw.zarr`, { shape: SHAPE, chunk: [6, 6, 70], values: patternedVoxels(SHAPE) });
  await writePsf(`${url}/psf.zarr`);
  const source = ["deconvolve", `${url}/raw.zarr`, `${url}/image.zarr`, "--psf", `${url}/psf.zarr`, ...flags];
  assertEquals((await runCli([...source, "--iterations", "1", "--backend", "cpu"])).status, 0);
  assertEquals((await runCli(argumentsOf(url, flags))).status, 0);
  const expected = await objectsBelow(`${url}/out.zarr`);
  await openStore(`${url}/out.zarr`).deleteAll("");
  return { url, expected };
}

/** The same job, through a proxy that spoils what the plan says. */
async function disturbed(server: ObjectServer, url: string, flags: readonly string[], plan: FaultPlan) {
  await openStore(`${url}/out.zarr`).deleteAll("");
  await using proxy = faultProxy(server.variables.AWS_ENDPOINT_URL!, plan);
  configureStores({ ...environmentOf({ ...server.variables, AWS_ENDPOINT_URL: proxy.origin }), guard: GUARD });
  try {
    const run = await runCli(argumentsOf(url, flags));
    return { ...run, faults: proxy.log.map((line) => line.split(" ")[2]).filter((fault) => fault !== undefined) };
  } finally {
    configureStores(server.environment);
  }
}

function argumentsOf(url: string, flags: readonly string[]): string[] {
  const places = ["deconvolve", `${url}/image.zarr`, `${url}/out.zarr`, "--psf", `${url}/psf.zarr`];
  return [...places, "--backend", "cpu", "--iterations", "2", "--halo", "2,4,4", ...flags];
}

/** Voxels of all levels and what their arrays are, by key. */
async function objectsBelow(url: string): Promise<[string, Uint8Array][]> {
  const store = openStore(url);
  const keys = (await Array.fromAsync(store.list(""))).filter((key) => /^\d+\//.test(key)).sort();
  assert(keys.length > 2, `${keys}`);
  return await Promise.all(keys.map(async (key): Promise<[string, Uint8Array]> => [key, (await store.get(key))!]));
}
