/** The requests of viewers, replayed. */
import { assert, assertEquals } from "@std/assert";
import { ViewRequestSchema } from "shared/contract/views/view.ts";
import { VIEWERS } from "../../fixtures/viewer_requests.ts";
import { patternedVoxels, writePsf, writeZarr } from "../sample_image.ts";
import { startViews } from "./view_service.ts";

const SHAPE = [12, 300, 280];
await writeZarr("memory:viewers/image", { shape: SHAPE, chunk: [6, 150, 140], values: patternedVoxels(SHAPE) });
await writePsf("memory:viewers/psf");

for (const { name, version, requests } of VIEWERS) {
  Deno.test(`${name} finds what it asks for, and is told what there is not`, async () => {
    await using service = await startViews();
    const view = await service.views.create(ViewRequestSchema.parse({
      source: { url: "memory:viewers/image" },
      psf: { url: "memory:viewers/psf" },
      algorithm: { iterations: 1 },
      tiling: { tile: [6, 150, 140], halo: [2, 2, 2] },
      backend: "cpu",
    }));
    const root = service.rootOf(view, version);
    for (const { method, key, headers = {}, status } of requests) {
      const response = await fetch(`${root}/${key}`, { method, headers });
      const body = await response.arrayBuffer();
      assertEquals(response.status, status, `${method} ${key}`);
      assertEquals(response.headers.get("access-control-allow-origin"), "*", `${method} ${key}`);
      if (status === 200) assert(Number(response.headers.get("content-length")) > 0, `${method} ${key}`);
      if (status === 200 && method === "GET") assert(body.byteLength > 0, key);
      if ("access-control-request-private-network" in headers) {
        assertEquals(response.headers.get("access-control-allow-private-network"), "true");
      }
    }
  });
}
