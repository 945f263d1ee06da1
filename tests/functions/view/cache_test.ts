/** What is kept of views, for how long, and what outlives the process. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import type { View } from "shared/contract/views/view.ts";
import { identityJobs, keysBelow } from "../identity_jobs.ts";
import { identityKernels } from "../identity_kernels.ts";
import { openStore } from "../../stores.ts";
import { bodyOf, sampleView, startViews, type ViewService } from "./view_service.ts";

const KEYS = ["0/c/0/0/0", "0/c/1/2/2", "0/c/0/1/0"];

async function read(service: ViewService, view: View, keys = KEYS): Promise<Uint8Array[]> {
  const bodies: Uint8Array[] = [];
  for (const key of keys) bodies.push(await bodyOf(await fetch(`${service.rootOf(view)}/${key}`)));
  return bodies;
}

Deno.test("a service that starts again answers the same URLs, and computes nothing that it had computed", async () => {
  const cache = `memory:cache-${crypto.randomUUID()}`;
  const { request } = await sampleView();
  let view: View;
  let before: Uint8Array[];
  {
    await using service = await startViews({ settings: { cache } });
    view = await service.views.create(request);
    before = await read(service, view);
  }
  const kernels = identityKernels();
  await using service = await startViews({ deps: identityJobs(kernels), settings: { cache } });
  assertEquals(await read(service, view), before);
  assertEquals(kernels.runs.length, 0);
  assertEquals((await service.views.list({})).views.map(({ id }) => id), [view.id]);
});

Deno.test("a chunk that somebody has removed from the cache is computed again", async () => {
  const cache = `memory:cache-${crypto.randomUUID()}`;
  const { request } = await sampleView();
  await using service = await startViews({ settings: { cache } });
  const view = await service.views.create(request);
  const before = await read(service, view);
  const store = openStore(cache);
  for await (const key of store.list("")) if (key.endsWith("0/c/0/0/0")) await store.delete(key);
  // Few are kept in memory.
  await read(service, view, [0, 1].flatMap((z) => [0, 1, 2].flatMap((y) => [1, 2].map((x) => `0/c/${z}/${y}/${x}`))));
  assertEquals(await read(service, view), before);
});

Deno.test("what was not looked at for longest is removed where the cache is full, and computed again when it is asked for", async () => {
  const kernels = identityKernels();
  const cache = `memory:cache-${crypto.randomUUID()}`;
  const { request } = await sampleView();
  await using service = await startViews({ deps: identityJobs(kernels), settings: { cache, cacheBytes: 12_000 } });
  const view = await service.views.create(request);
  const [first] = await read(service, view, ["0/c/0/0/0"]);
  const others = [0, 1].flatMap((z) => [0, 1, 2].flatMap((y) => [1, 2].map((x) => `0/c/${z}/${y}/${x}`)));
  await read(service, view, others);
  await delay(20);
  const chunks = (await keysBelow(cache)).filter((key) => /\/0\/c\/\d/.test(key));
  const sizes = await Promise.all(chunks.map(async (key) => (await openStore(cache).head(key))!.size));
  const stored = sizes.reduce((sum, size) => sum + size, 0);
  assert(stored <= 12_000, `${stored} bytes`);
  const runs = kernels.runs.length;
  assertEquals(await read(service, view, ["0/c/0/0/0"]), [first!]);
  assertEquals(kernels.runs.length, runs + 1);
});

Deno.test("views whose time is over, or that were deleted, leave nothing behind", async () => {
  const cache = `memory:cache-${crypto.randomUUID()}`;
  let ahead = 0;
  {
    await using service = await startViews({ settings: { cache }, now: () => Date.now() + ahead });
    const [kept, deleted] = [await sampleView(), await sampleView()];
    const views = [await service.views.create(kept.request), await service.views.create(deleted.request)] as const;
    for (const view of views) await read(service, view);
    await service.views.remove(views[1].id);
    assertEquals((await keysBelow(cache)).filter((key) => key.includes(views[1].id)), []);
    assertNotEquals((await keysBelow(cache)).filter((key) => key.includes(views[0].id)), []);
  }
  ahead = 3_600_001;
  await using _ = await startViews({ settings: { cache }, now: () => Date.now() + ahead });
  while ((await keysBelow(cache)).some((key) => key !== "signing.key")) await delay(1);
});

Deno.test("one owner has no more views than the service allows", async () => {
  await using service = await startViews({ settings: { mostPerOwner: 1 } });
  const { request } = await sampleView();
  await service.views.create(request, { owner: "one" });
  await service.views.create(request, { owner: "other" });
  const message = await service.views.create(request, { owner: "one" }).then(() => "", (error) => error.message);
  assertEquals(message, "there are 1 of your views, and at most 1 may be: delete one, or wait until one expires");
});
