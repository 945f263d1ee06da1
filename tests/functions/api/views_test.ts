/** Views over the endpoint: who may make, see and end them. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { createApiApp } from "functions/api/app.ts";
import { KeyRing } from "functions/api/auth/key_ring.ts";
import type { View } from "shared/contract/views/view.ts";
import { apiKeyHash, createApiKey } from "shared/keys/api_key.ts";
import { formatKeyRecords, type KeyRecord } from "shared/keys/key_records.ts";
import { sampleRequest } from "../identity_jobs.ts";
import { sampleView, startViews } from "../view/view_service.ts";

/** The endpoint over views, with a key for each caller. */
async function startEndpoint(callers: Readonly<Record<string, Partial<KeyRecord>>>, allowed: "any" | string[] = "any") {
  const service = await startViews();
  const keys = new Map(Object.keys(callers).map((id) => [id, createApiKey(id)]));
  const records = Object.entries(callers).map(([id, more]): KeyRecord => ({
    ...{ id, roles: ["submit"], sha256: apiKeyHash(keys.get(id)!), created: "2026-01-05T09:30:00.000Z", ...more },
  }));
  const ring = await KeyRing.open({ read: () => Promise.resolve(formatKeyRecords(records)), where: "keys" });
  const { jobs, views } = service;
  const app = createApiApp({ jobs, views, allowedUrls: allowed, auth: { keys: ring }, log: () => {} });
  const as = async (id: string, path: string, method = "GET", body?: unknown) => {
    const response = await app.request(`http://service.example${path}`, {
      method,
      headers: { authorization: `Bearer ${keys.get(id)}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
  };
  return { as, service };
}

Deno.test("a view is made with its URLs, seen by its owner and administrators, and ended", async () => {
  const { as, service } = await startEndpoint({
    ada: {},
    bob: {},
    root: { roles: ["admin"] },
    eve: { roles: ["read"] },
  });
  await using _ = service;
  const { request } = await sampleView();
  assertEquals((await as("eve", "/v1/views", "POST", request)).status, 403);
  const made = await as("ada", "/v1/views", "POST", request);
  assertEquals(made.status, 201);
  const { id, owner, urls, plan, expires }: View = made.body;
  assertEquals([made.headers.get("location"), owner], [`/v1/views/${id}`, "ada"]);
  assertEquals(plan.grid, [2, 3, 3]);
  assert(Date.parse(expires) > Date.now());
  for (const url of Object.values(urls)) assert(url.startsWith(`http://service.example/v1/views/${id}/`), url);
  assertEquals((await as("ada", `/v1/views/${id}`)).body.urls, urls);
  const idsOf = async (caller: string) => (await as(caller, "/v1/views")).body.views.map((view: View) => view.id);
  assertEquals(await Promise.all(["ada", "bob", "root"].map(idsOf)), [[id], [], [id]]);
  assertEquals((await as("bob", `/v1/views/${id}`)).status, 404);
  assertEquals((await as("bob", `/v1/views/${id}`, "DELETE")).status, 404);
  assertEquals((await as("ada", `/v1/views/${id}`, "DELETE")).status, 204);
  assertEquals((await as("ada", `/v1/views/${id}`)).status, 404);
});

Deno.test("an image is described and passed on to those who may submit, from places that are allowed", async () => {
  const { as, service } = await startEndpoint({ ada: {}, reader: { roles: ["read"] } });
  await using _ = service;
  const { request: { source } } = await sampleView();
  const { status, body } = await as("ada", "/v1/images", "POST", source);
  assertEquals([status, body.image.shape, body.paths], [200, [20, 40, 36], [""]]);
  assertMatch(body.url, /^https?:\/\/[^/]+\/v1\/images\/[\w-]+$/);
  const [, base, token] = /^(.*)\/images\/([^/]+)$/.exec(body.url)!;
  for (
    const location of [
      { url: body.url },
      { url: `${base}/images`, path: token },
      { url: base, path: `images/${token}/0` },
      { url: `${base}/?a=b`, path: `images/${token}` },
      { url: `${base}/a/../images/${token}` },
    ]
  ) {
    const { body: { detail } } = await as("ada", "/v1/images", "POST", location);
    assertEquals(detail, "an input is a view, which is computed as it is read: name what it is of");
  }
  assertEquals((await as("reader", "/v1/images", "POST", source)).status, 403);
  assertEquals((await as("ada", "/v1/images", "POST", { ...source, more: 1 })).status, 400);
  assertEquals((await as("ada", "/v1/images", "POST", { url: "memory:none" })).status, 404);
  const held = await startEndpoint({ ada: {} }, ["memory:elsewhere"]);
  await using __ = held.service;
  assertEquals((await held.as("ada", "/v1/images", "POST", source)).status, 403);
});

Deno.test("a view of another's job, of a view, of what may not be read, or over quota is refused", async () => {
  const { as, service } = await startEndpoint({ ada: {}, bob: {}, small: { quotas: { voxels: 100 } } });
  await using _ = service;
  const { request } = await sampleView();
  const job = (await as("ada", "/v1/jobs", "POST", (await sampleRequest()).request)).body.id;
  assertEquals((await as("bob", "/v1/views", "POST", { job })).status, 404);
  assertEquals((await as("ada", "/v1/views", "POST", { job })).status, 201);
  const view = (await as("ada", "/v1/views", "POST", request)).body;
  const ofView = await as("ada", "/v1/views", "POST", { ...request, source: { url: view.urls["0.5"] } });
  assertEquals([ofView.status, ofView.body.detail], [
    400,
    "an input is a view, which is computed as it is read: name what it is of",
  ]);
  assertEquals((await as("small", "/v1/views", "POST", request)).status, 403);
  const output = await as("ada", "/v1/views", "POST", { ...request, output: { url: "memory:x" } });
  assertEquals(output.status, 400);
  const held = await startEndpoint({ ada: {} }, ["memory:elsewhere"]);
  await using __ = held.service;
  assertEquals((await held.as("ada", "/v1/views", "POST", request)).status, 403);
});
