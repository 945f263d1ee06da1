/** Who gets in, with the whole endpoint in place: keys, roles, owners and quotas, over real jobs. */
import { assert, assertEquals } from "@std/assert";
import { createApiApp } from "functions/api/app.ts";
import { apiKeyHash, createApiKey } from "shared/keys/api_key.ts";
import type { KeyRecord } from "shared/keys/key_records.ts";
import { formatKeyRecords } from "shared/keys/key_records.ts";
import { KeyRing } from "functions/api/auth/key_ring.ts";
import { ProviderUnavailable } from "functions/api/auth/token_verifier.ts";
import { TokenSettingsSchema } from "functions/api/auth/token_settings.ts";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import type { Quotas } from "shared/contract/quotas.ts";
import { identityJobs, keysBelow, sampleRequest } from "../../identity_jobs.ts";
import { identityKernels } from "../../identity_kernels.ts";
import { openStore } from "../../../stores.ts";

let stores = 0;

interface Caller {
  readonly roles?: KeyRecord["roles"];
  readonly quotas?: Quotas;
}

/** A service with one key for each caller; `as` sends a request by one of them. */
async function startService(callers: Readonly<Record<string, Caller>>, beforeTile?: () => Promise<void>) {
  const store = openStore(`memory:access-${++stores}`);
  const deps = identityJobs(beforeTile === undefined ? identityKernels() : identityKernels(beforeTile));
  const jobs = await LocalJobRunner.start({ deps, store, log: () => {} });
  const keys = new Map(Object.keys(callers).map((id) => [id, createApiKey(id)]));
  const records = Object.entries(callers).map(([id, { roles, quotas }]): KeyRecord => ({
    ...{ id, roles: roles ?? ["submit"], sha256: apiKeyHash(keys.get(id)!), created: "2026-01-05T09:30:00.000Z" },
    ...(quotas === undefined ? {} : { quotas }),
  }));
  const ring = await KeyRing.open({ read: () => Promise.resolve(formatKeyRecords(records)), where: "keys" });
  const app = createApiApp({ jobs, allowedUrls: "any", auth: { keys: ring }, log: () => {} });
  const as = (id: string, path: string, { method = "GET", body }: { method?: string; body?: unknown } = {}) =>
    app.request(path, {
      method,
      headers: { authorization: `Bearer ${keys.get(id)}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return { app, as, jobs, keys };
}

const statusOf = async (response: Response | Promise<Response>) => {
  const { status, body } = await response;
  await body?.cancel();
  return status;
};

Deno.test("without a key, or with a wrong one, every endpoint but those that are open answers 401 and says how to do better", async () => {
  const { app, keys, jobs } = await startService({ ada: {} });
  const wrong = [
    undefined,
    "Bearer",
    "Bearer ",
    `Basic ${btoa("ada:x")}`,
    keys.get("ada")!,
    "Bearer cs_ada_x",
    `Bearer ${createApiKey("ada")}`,
    "Bearer a.b.c",
    `Bearer ${"a".repeat(9000)}`,
  ];
  for (const authorization of wrong) {
    for (
      const [method, path] of [
        ["GET", "/v1/jobs"],
        ["POST", "/v1/jobs"],
        ["GET", "/v1/jobs/a-00000000"],
        ["DELETE", "/v1/jobs/a-00000000"],
        ["GET", "/v1/jobs/a-00000000/events"],
        ["GET", "/v1/jobs/a-00000000/tiles"],
        ["POST", "/v1/plans"],
        ["GET", "/nothing"],
        ["PUT", "/v1/jobs"],
      ] as const
    ) {
      const response = await app.request(path, {
        method,
        headers: authorization === undefined ? {} : { authorization },
      });
      assertEquals(response.status, 401, `${authorization} ${method} ${path}`);
      assert(response.headers.get("www-authenticate")!.startsWith('Bearer realm="clearstack"'));
      assertEquals(response.headers.get("content-type"), "application/problem+json");
      assertEquals(response.headers.get("x-content-type-options"), "nosniff");
      assert(!(await response.text()).includes("cs_"));
    }
  }
  for (const path of ["/", "/healthz", "/readyz", "/openapi.json"]) {
    assertEquals(await statusOf(app.request(path)), 200);
  }
  await jobs.close();
});

Deno.test("a role does what it is for and nothing else", async () => {
  const { as, jobs } = await startService({
    reader: { roles: ["read"] },
    maker: { roles: ["submit"] },
    chief: { roles: ["admin"] },
  });
  const { request: body } = await sampleRequest();
  for (const path of ["/v1/jobs", "/v1/plans"]) {
    const refused = await as("reader", path, { method: "POST", body });
    assertEquals(refused.status, 403);
    assert((await refused.json()).detail.includes("submit"));
  }
  assertEquals(await keysBelow(body.output.url), []);
  assertEquals(await statusOf(as("reader", "/v1/jobs")), 200);
  const { id } = await (await as("maker", "/v1/jobs", { method: "POST", body })).json();
  assertEquals(await statusOf(as("chief", `/v1/jobs/${id}`)), 200);
  assertEquals(await statusOf(as("chief", `/v1/jobs/${id}`, { method: "DELETE" })), 200);
  await jobs.close();
});

Deno.test("only an administrator goes before everybody else", async () => {
  const { as, jobs } = await startService({ maker: {}, chief: { roles: ["admin"] } });
  for (const [caller, priority, expected] of [["maker", 6, 403], ["maker", 5, 202], ["chief", 9, 202]] as const) {
    const { request } = await sampleRequest();
    const answer = await as(caller, "/v1/jobs", { method: "POST", body: { ...request, priority } });
    assertEquals([caller, priority, answer.status], [caller, priority, expected]);
    const { path } = await answer.json();
    if (expected === 403) assertEquals([path, await keysBelow(request.output.url)], ["priority", []]);
  }
  await jobs.close();
});

Deno.test("one caller never sees, follows, cancels or counts another's job", async () => {
  const { as, jobs } = await startService({ ada: {}, bob: {}, chief: { roles: ["admin"] } });
  const { request: body } = await sampleRequest();
  const { id, owner } = await (await as("ada", "/v1/jobs", { method: "POST", body })).json();
  assertEquals(owner, "ada");
  const unknown = await (await as("bob", "/v1/jobs/none-00000000")).json();
  for (
    const [path, method] of [
      [`/v1/jobs/${id}`, "GET"],
      [`/v1/jobs/${id}`, "DELETE"],
      [`/v1/jobs/${id}/events`, "GET"],
      [`/v1/jobs/${id}/tiles`, "GET"],
    ] as const
  ) {
    const refused = await as("bob", path, { method });
    assertEquals(refused.status, 404);
    // As if there were no such job: not even that it exists is told.
    assertEquals(await refused.json(), { ...unknown, detail: unknown.detail.replace("none-00000000", id) });
  }
  assertEquals((await (await as("bob", "/v1/jobs")).json()).jobs, []);
  assertEquals(await statusOf(as("bob", "/v1/jobs?owner=ada")), 403);
  assertEquals((await (await as("ada", "/v1/jobs")).json()).jobs.length, 1);
  assertEquals((await (await as("chief", "/v1/jobs?owner=ada")).json()).jobs.length, 1);
  await jobs.close();
});

for (
  const [what, quotas, words] of [
    ["voxels", { voxels: 28_799 }, "28,800 and your quota is 28,799"],
    ["tiles", { tiles: 17 }, "18 and your quota is 17"],
    ["bytes", { bytes: 1000 }, "your quota is 1000 bytes"],
  ] as const
) {
  Deno.test(`a job beyond the quota of ${what} is refused with need and limit before anything is written`, async () => {
    const { as, jobs } = await startService({ ada: { quotas } });
    const { request: body } = await sampleRequest();
    for (const path of ["/v1/plans", "/v1/jobs"]) {
      const response = await as("ada", path, { method: "POST", body });
      const { detail, type } = await response.json();
      assertEquals([response.status, type], [403, "urn:clearstack:problem:over-quota"], detail);
      assert(detail.includes(words), detail);
    }
    assertEquals(await keysBelow(body.output.url), []);
    await jobs.close();
  });
}

Deno.test("a job within every quota runs", async () => {
  const { as, jobs } = await startService({ ada: { quotas: { voxels: 28_800, tiles: 18, bytes: 1e9, liveJobs: 1 } } });
  const { request: body } = await sampleRequest();
  assertEquals(await statusOf(as("ada", "/v1/jobs", { method: "POST", body })), 202);
  await jobs.close();
});

Deno.test("jobs beyond those that may live at once are refused by 429, also when they come together, until one ends", async () => {
  const gate = Promise.withResolvers<void>();
  const { as, jobs } = await startService(
    { ada: { quotas: { liveJobs: 2 } }, bob: { quotas: { liveJobs: 2 } } },
    () => gate.promise,
  );
  const submit = async (id: string) => {
    const { request: body } = await sampleRequest();
    return await as(id, "/v1/jobs", { method: "POST", body });
  };
  const answers = await Promise.all([submit("ada"), submit("ada"), submit("ada"), submit("ada"), submit("bob")]);
  assertEquals(answers.map(({ status }) => status).sort(), [202, 202, 202, 429, 429]);
  const accepted = await Promise.all(answers.filter(({ status }) => status === 202).map((answer) => answer.json()));
  const { id } = accepted.find(({ owner }) => owner === "ada");
  gate.resolve();
  assertEquals(await statusOf(as("ada", `/v1/jobs/${id}`, { method: "DELETE" })), 200);
  assertEquals((await submit("ada")).status, 202);
  await jobs.close();
});

Deno.test("while the provider cannot be asked, a token is answered by 503 and a key works as ever", async () => {
  const { keys, jobs } = await startService({ ada: {} });
  const ring = await KeyRing.open({ read: () => Promise.resolve('{"keys":[]}'), where: "keys" });
  const settings = TokenSettingsSchema.parse({ issuer: "https://id.example", audience: "x" });
  const verify = () => Promise.reject(new ProviderUnavailable("the identity provider cannot be asked for its keys"));
  const app = createApiApp({ jobs, allowedUrls: "any", auth: { keys: ring, tokens: { settings, verify } } });
  const ask = (token: string) => app.request("/v1/jobs", { headers: { authorization: `Bearer ${token}` } });
  assertEquals([(await ask("a.b.c")).status, (await ask(keys.get("ada")!)).status], [503, 401]);
  await jobs.close();
});

Deno.test("an output is replaced by its owner or an administrator, and by nobody else", async () => {
  const { as, jobs } = await startService({ ada: {}, bob: {}, chief: { roles: ["admin"] } });
  const { request } = await sampleRequest();
  const overwrite = { ...request, output: { ...request.output, ifExists: "overwrite" } };
  const run = async (who: string, body: unknown) => {
    const response = await as(who, "/v1/jobs", { method: "POST", body });
    const answer = await response.json();
    if (response.status !== 202) return `${response.status} ${answer.type}`;
    await Array.fromAsync(await jobs.events(answer.id));
    return (await jobs.get(answer.id)).state;
  };
  const resume = { ...request, output: { ...request.output, ifExists: "resume" } };
  assertEquals(await run("ada", request), "done");
  const objects = () => keysBelow(request.output.url);
  const before = await objects();
  for (const body of [overwrite, resume]) assertEquals(await run("bob", body), "403 urn:clearstack:problem:forbidden");
  assertEquals(await objects(), before);
  assertEquals([await run("ada", overwrite), await run("chief", resume), await run("chief", overwrite)], [
    "done",
    "done",
    "done",
  ]);
  assertEquals(await run("ada", overwrite), "403 urn:clearstack:problem:forbidden");
  await jobs.close();
});

Deno.test("no document tells whose an output is", async () => {
  const { as, jobs } = await startService({ "ada-lovelace": {} });
  const { request: body } = await sampleRequest();
  const { id } = await (await as("ada-lovelace", "/v1/jobs", { method: "POST", body })).json();
  await Array.fromAsync(await jobs.events(id));
  const output = openStore(body.output.url);
  const { owner } = JSON.parse(new TextDecoder().decode(await output.get(".clearstack/job.json")));
  assertEquals(typeof owner, "string");
  for await (const key of output.list("")) {
    const text = new TextDecoder().decode(await output.get(key));
    assert(!text.includes("ada-lovelace"), key);
    assert(key === ".clearstack/job.json" || !text.includes(owner), key);
  }
  await jobs.close();
});
