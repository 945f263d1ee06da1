/** Who may read the metrics of the public endpoint. */
import { assertEquals } from "@std/assert";
import { createApiApp } from "functions/api/app.ts";
import { apiKeyHash, createApiKey } from "shared/keys/api_key.ts";
import type { KeyRecord } from "shared/keys/key_records.ts";
import { formatKeyRecords } from "shared/keys/key_records.ts";
import { KeyRing } from "functions/api/auth/key_ring.ts";
import type { JobRunner } from "shared/engine/job_runner.ts";

const never = () => Promise.reject(new Error("never called"));
const jobs: JobRunner = {
  plan: never,
  images: never,
  submit: never,
  get: never,
  list: never,
  cancel: never,
  events: never,
  tiles: never,
  ready: never,
};

/** Answers `GET /metrics`, with keys of callers of each role, by status. */
async function scrapes(metricsToken?: string) {
  const roles = ["read", "submit", "admin"] as const;
  const keys = new Map(roles.map((role) => [role, createApiKey(role)]));
  const records = roles.map((role): KeyRecord => ({
    ...{ id: role, roles: [role], sha256: apiKeyHash(keys.get(role)!), created: "2026-01-05T09:30:00.000Z" },
  }));
  const ring = await KeyRing.open({ read: () => Promise.resolve(formatKeyRecords(records)), where: "keys" });
  const app = createApiApp({ jobs, allowedUrls: "any", auth: { keys: ring }, metricsToken, log: () => {} });
  const ask = async (token?: string) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const { status, body } = await app.request("/metrics", { headers });
    await body?.cancel();
    return status;
  };
  return {
    nobody: await ask(),
    read: await ask(keys.get("read")),
    submit: await ask(keys.get("submit")),
    admin: await ask(keys.get("admin")),
    scraper: await ask("for scrapers only"),
  };
}

Deno.test("metrics are for callers with the role admin, or for whoever has the scrapers' token where there is one", async () => {
  assertEquals(await scrapes(), { nobody: 401, read: 403, submit: 403, admin: 200, scraper: 401 });
  const withToken = { nobody: 401, read: 401, submit: 401, admin: 401, scraper: 200 };
  assertEquals(await scrapes("for scrapers only"), withToken);
});
