/** Conversions from web servers into buckets. */
import { assertEquals } from "@std/assert";
import { encodeTiff } from "shared/image/tiff/write_tiff.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { azuriteServer, cephServer, testOn } from "../../fixtures/servers/object_servers.ts";
import { serveRanges } from "../../fixtures/servers/range_server.ts";
import { patternedVoxels } from "../sample_image.ts";
import { runCli } from "./run_cli.ts";
import { configureStores, openStore } from "../../stores.ts";

const SHAPE = [9, 40, 700] as const;
const FORMS = { "shards": ["--shards", "8,64,512"], "OME-Zarr 0.4": ["--ome-version", "0.4"] };

const tiff = encodeTiff({ shape: SHAPE, values: Float32Array.from(patternedVoxels(SHAPE)) }) as Uint8Array<ArrayBuffer>;
const servers = { Ceph: await cephServer(), azurite: await azuriteServer() };

/** Chunks or shards of all levels, by key. */
async function objectsOf(url: string): Promise<(readonly [key: string, bytes: Uint8Array | undefined])[]> {
  const store = openStore(url);
  const keys = (await Array.fromAsync(store.list(""))).filter((key) => /^\d\/(c\/)?\d/.test(key)).sort();
  return await Promise.all(keys.map(async (key) => [key, await store.get(key)] as const));
}

for (const [form, flags] of Object.entries(FORMS)) {
  for (const [name, server] of Object.entries(servers)) {
    testOn(server, `a TIFF of a web server goes into ${form} on ${name} as it does into memory`, async (running) => {
      configureStores(running.environment);
      const [url, local] = [running.freshUrl(), memoryUrl()];
      await using web = serveRanges(() => Promise.resolve(tiff));
      for (const output of [`${url}/out.zarr`, local]) {
        const { status, err } = await runCli(["convert", `${web.url}/a.tif`, output, ...flags, "--quiet"]);
        assertEquals([status, err], [0, ""]);
      }
      const objects = await objectsOf(`${url}/out.zarr`);
      assertEquals(objects, await objectsOf(local));
      assertEquals(new Set(objects.map(([key]) => key[0])).size, 3, "there are three levels");
      assertEquals(web.whole(), 0);
      await openStore(url).deleteAll("");
    });
  }
}
