/** Secrets are planted in every place where a caller can put one, and then looked for everywhere that anything is written. */
import { assert, assertEquals } from "@std/assert";
import { createApiApp } from "functions/api/app.ts";
import { apiKeyHash, createApiKey } from "shared/keys/api_key.ts";
import { formatKeyRecords } from "shared/keys/key_records.ts";
import { KeyRing } from "functions/api/auth/key_ring.ts";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import { servedEnvironment } from "shared/storage/served_environment.ts";
import { identityJobs, keysBelow, sampleRequest } from "../identity_jobs.ts";
import { configureStores, openStore, storeEnvironment } from "../../stores.ts";

const SECRETS = [
  "QUERYSECRET",
  "WRONGSECRET",
  "USERSECRET",
  "PASSWORDSECRET",
  "HEADERSECRET",
  "BODYSECRET",
  "FRAGMENTSECRET",
];

/** Serves a store to whoever presents the signature, and takes messages at `/hook`. */
function serveSigned(url: string, signature: string) {
  const store = openStore(url);
  const told = Promise.withResolvers<string>();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (searchParams.get("sig") !== signature) return new Response("bad signature", { status: 403 });
    if (pathname === "/hook") {
      told.resolve(await request.text());
      return new Response(null, { status: 204 });
    }
    const bytes = await store.get(decodeURIComponent(pathname.slice(1)));
    return bytes === undefined ? new Response(null, { status: 404 }) : new Response(new Uint8Array(bytes));
  });
  return { url: `http://127.0.0.1:${server.addr.port}`, told: told.promise, stop: () => server.shutdown() };
}

/** Everything below a URL as text, byte for byte a character, with the keys. */
async function everythingBelow(url: string): Promise<string> {
  const texts = (await keysBelow(url)).map(async (key) => {
    const bytes = (await openStore(url).get(key))!;
    return `${key}\n${new TextDecoder("latin1").decode(bytes)}`;
  });
  return (await Promise.all(texts)).join("\n");
}

function foundIn(text: string): string[] {
  return SECRETS.filter((secret) => text.includes(secret) || text.includes(btoa(secret)));
}

Deno.test("no secret of a caller is in a log, an answer, an event, a job's record or an output", async () => {
  const { request } = await sampleRequest();
  const images = serveSigned(request.source.url.replace(/\/image$/, ""), "QUERYSECRET");
  const state = "memory:secret-jobs";
  const before = storeEnvironment();
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  const realConsole = console.error;
  console.error = (...words) => log(words.map((word) => Deno.inspect(word)).join(" "));
  configureStores(
    servedEnvironment((name) =>
      name === "CLEARSTACK_ALLOW" ? `${images.url} ${request.output.url.split("/")[0]} ${state}` : undefined
    ),
  );
  const random = () => crypto.getRandomValues(new Uint8Array(32)).toBase64();
  const control = { stateKey: random(), webhookSecret: `whsec_${random()}` };
  const jobs = await LocalJobRunner.start({
    deps: identityJobs(undefined, undefined, storeEnvironment()),
    store: openStore(state),
    control,
    log,
  });
  const key = createApiKey("lab");
  const record = { id: "lab", sha256: apiKeyHash(key), roles: ["admin" as const], created: "2026-01-05T09:30:00.000Z" };
  const ring = await KeyRing.open({ read: () => Promise.resolve(formatKeyRecords([record])), where: "keys" });
  const app = createApiApp({ jobs, allowedUrls: [images.url, request.output.url], auth: { keys: ring }, log });
  const answers: string[] = [];
  const send = async (path: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json", ...init.headers };
    const response = await app.request(path, { ...init, headers });
    const text = await response.text();
    answers.push(`${JSON.stringify([...response.headers])}\n${text}`);
    return { status: response.status, text };
  };
  const submit = (change: Record<string, unknown>, path = "/v1/jobs") =>
    send(path, { method: "POST", body: JSON.stringify({ ...request, ...change }) });
  try {
    const source = { url: `${images.url}/image?sig=QUERYSECRET#FRAGMENTSECRET` };
    const psf = { url: `${images.url}/psf?sig=QUERYSECRET` };
    assertEquals((await submit({ source, psf }, "/v1/plans")).status, 200);
    const webhook = { url: `${images.url}/hook?sig=QUERYSECRET` };
    const accepted = await submit({ source, psf, webhook });
    assertEquals(accepted.status, 202, accepted.text);
    const { id } = JSON.parse(accepted.text);
    const followed = await send(`/v1/jobs/${id}/events`);
    assert(followed.text.includes('"state":"done"'), followed.text);
    await send(`/v1/jobs/${id}`);
    answers.push(await images.told);
    await send("/v1/jobs");

    const wrong = { url: `${images.url}/image?sig=WRONGSECRET` };
    assertEquals((await submit({ source: wrong, psf })).status, 403);
    assertEquals((await submit({ source: { url: `${images.url}/none?sig=QUERYSECRET` }, psf })).status, 404);
    const user = { url: `${images.url.replace("//", "//USERSECRET:PASSWORDSECRET@")}/image?sig=QUERYSECRET` };
    assertEquals((await submit({ source: user, psf })).status, 403);
    assertEquals(
      (await submit({ source: { url: "s3://USERSECRET:PASSWORDSECRET@bucket/a?x=QUERYSECRET" } })).status,
      403,
    );
    for (const mended of ["http:/", "http:", "http:\\\\", " http://", "ht\ttp://"]) {
      const url = `${mended}USERSECRET:PASSWORDSECRET@${images.url.slice("http://".length)}/image?sig=QUERYSECRET`;
      assertEquals((await submit({ source: { url } })).status, 400, mended);
      assertEquals((await submit({ webhook: { url } })).status, 400, mended);
      assertEquals((await submit({ output: { url }, source, psf })).status, 400, mended);
    }
    assertEquals((await submit({ output: { url: `${images.url}/out?sig=QUERYSECRET` }, source, psf })).status, 424);
    const closed = { url: "http://127.0.0.1:1/image?sig=QUERYSECRET" };
    assertEquals((await submit({ source: closed, psf })).status, 403);
    assertEquals((await submit({ backend: "BODYSECRET" })).status, 400);
    const authorization = "Bearer HEADERSECRET";
    assertEquals(
      (await send("/v1/jobs", { headers: { authorization, cookie: "HEADERSECRET", "x-y": "HEADERSECRET" } })).status,
      401,
    );
    assertEquals((await send("/v1/jobs?cursor=QUERYSECRET")).status < 500, true);

    assertEquals(foundIn(answers.join("\n")), []);
    assertEquals(foundIn(lines.join("\n")), []);
    assertEquals(foundIn(await everythingBelow(request.output.url)), []);
    assertEquals(foundIn(await everythingBelow(state)), []);
    for (const text of [...answers, ...lines, await everythingBelow(state)]) assert(!text.includes(key.slice(-43)));
  } finally {
    console.error = realConsole;
    await jobs.close();
    configureStores(before);
    await images.stop();
  }
});
