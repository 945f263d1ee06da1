import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { LocalJobRunnerOptions } from "functions/orchestrate/drive/local_job_runner.ts";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import { Webhooks } from "functions/orchestrate/jobs/webhook.ts";
import { JobStatusSchema } from "shared/contract/job_status.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Store } from "shared/storage/store.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { identityJobs, sampleRequest } from "../../identity_jobs.ts";
import { identityKernels } from "../../identity_kernels.ts";
import { configureStores, openStore } from "../../../stores.ts";
import { runCli } from "../../cli/run_cli.ts";

const SECRET = `whsec_${new Uint8Array(32).map((_, i) => i * 7).toBase64()}`;

let stores = 0;
const freshStore = () => openStore(`memory:webhooks-${++stores}`);

interface Message {
  readonly headers: Headers;
  readonly body: string;
}

/** A receiver on a real socket; `answer` is the status of each request, by its number from 1. */
function receiver(answer: (count: number) => number | Promise<number>) {
  const messages: Message[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    messages.push({ headers: request.headers, body: await request.text() });
    const status = await answer(messages.length);
    return new Response(null, { status, headers: status === 302 ? { location: "/elsewhere" } : {} });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/hook?token=secret`,
    messages,
    arrived: (count: number) => until(() => Promise.resolve(messages.length >= count)),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function start(store: Store, options: Partial<LocalJobRunnerOptions> = {}) {
  const webhooks = { send: fetch, pausesMs: [1, 1, 1] };
  const control = { webhookSecret: SECRET };
  const log = () => {};
  return LocalJobRunner.start({
    deps: identityJobs(),
    store,
    control,
    webhooks,
    deadAfterMs: 400,
    log,
    ...options,
  });
}

/** As the specification has it, with other code than the sender's. */
async function isSigned({ headers, body }: Message, secret = SECRET): Promise<boolean> {
  const [version, signature] = headers.get("webhook-signature")!.split(",") as [string, string];
  const raw = Uint8Array.from(atob(secret.slice("whsec_".length)), (letter) => letter.charCodeAt(0));
  const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  const signed = new TextEncoder().encode(`${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.${body}`);
  const bytes = Uint8Array.from(atob(signature), (letter) => letter.charCodeAt(0));
  return version === "v1" && await crypto.subtle.verify("HMAC", key, bytes, signed);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!await holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

const released = (store: Store) => until(async () => (await Array.fromAsync(store.list("live/"))).length === 0);

Deno.test("the end of a job is told, signed, until it is accepted, always under one id", async () => {
  await using hook = receiver((count) => [503, 302, 200][count - 1]!);
  const store = freshStore();
  const runner = await start(store);
  const { id } = await runner.submit({ ...(await sampleRequest()).request, webhook: { url: hook.url } });
  await hook.arrived(3);
  await released(store);
  assertEquals(new Set(hook.messages.map(({ headers }) => headers.get("webhook-id"))), new Set([`msg_${id}`]));
  for (const message of hook.messages) assert(await isSigned(message));
  const { type, data, timestamp } = JSON.parse(hook.messages[2]!.body);
  const status = JobStatusSchema.parse(data);
  assertEquals([type, timestamp, status], ["job.done", status.updated, await runner.get(id)]);
  assert(!hook.messages.some(({ body }) => body.includes("secret")), "the URL is told without its query");
  const age = Date.now() / 1000 - Number(hook.messages[2]!.headers.get("webhook-timestamp"));
  assert(age >= -1 && age < 60, "receivers refuse old timestamps");
  await runner.close();
});

Deno.test("each owner has a secret of their own, which whoever runs the service can print", async () => {
  await using hook = receiver(() => 200);
  const store = freshStore();
  const runner = await start(store);
  configureStores({ env: (name) => name === "CLEARSTACK_WEBHOOK_SECRET" ? SECRET : undefined });
  const secrets: string[] = [];
  for (const owner of ["ada", "oidc:ada"]) {
    await runner.submit({ ...(await sampleRequest()).request, webhook: { url: hook.url } }, { owner });
    await hook.arrived(secrets.length + 1);
    secrets.push((await runCli(["keys", "webhook", owner])).out.trim());
  }
  for (const [at, message] of hook.messages.entries()) {
    const signed = await Promise.all([...secrets, SECRET].map((secret) => isSigned(message, secret)));
    assertEquals(signed, [at === 0, at === 1, false]);
  }
  await released(store);
  await runner.close();
  configureStores(NO_ENVIRONMENT);
  assertEquals((await runCli(["keys", "webhook", "ada"])).status, 2);
});

Deno.test("the receiver of the documentation takes a genuine message, and none that is forged, altered or old", async () => {
  const text = await Deno.readTextFile(new URL("../../../../docs/jobs.md", import.meta.url));
  const code = /```ts\n([\s\S]*?)```/.exec(text)![1]!;
  const { isGenuine } = await import(`data:application/typescript,${encodeURIComponent(code)}`) as {
    isGenuine: (headers: Headers, body: string, secret: string) => boolean;
  };
  await using hook = receiver(() => 200);
  const runner = await start(freshStore());
  await runner.submit({ ...(await sampleRequest()).request, webhook: { url: hook.url } });
  await hook.arrived(1);
  await runner.close();
  const { headers, body } = hook.messages[0]!;
  assertEquals(isGenuine(headers, body, SECRET), true);
  assertEquals(isGenuine(headers, `${body} `, SECRET), false);
  assertEquals(isGenuine(headers, body, `whsec_${new Uint8Array(32).toBase64()}`), false);
  for (
    const [name, value] of [["webhook-id", "msg_other"], ["webhook-timestamp", "1"], [
      "webhook-signature",
      "v1,",
    ]] as const
  ) {
    const forged = new Headers(headers);
    forged.set(name, value);
    assertEquals(isGenuine(forged, body, SECRET), false, name);
  }
});

Deno.test("cancelled and failed jobs are told too", async () => {
  await using hook = receiver(() => 204);
  const kernels = identityKernels(() => {
    throw new ClearstackError("corrupt-data", "on purpose");
  });
  const failing = await start(freshStore(), { deps: identityJobs(kernels) });
  await failing.submit({ ...(await sampleRequest()).request, webhook: { url: hook.url } });
  await hook.arrived(1);
  const idle = await start(freshStore(), { maxRunning: 0 });
  const { id } = await idle.submit({ ...(await sampleRequest()).request, webhook: { url: hook.url } });
  await idle.cancel(id);
  await hook.arrived(2);
  assertEquals(hook.messages.map(({ body }) => JSON.parse(body).type), ["job.failed", "job.cancelled"]);
  await failing.close();
  await idle.close();
});

Deno.test("a message that a process could not deliver is delivered by the next one", async () => {
  await using hook = receiver((count) => count === 1 ? 500 : 200);
  const store = freshStore();
  const webhooks = { send: fetch, pausesMs: [3_600_000] };
  const first = await start(store, { webhooks, control: { webhookSecret: SECRET, instance: "one" } });
  const { id } = await first.submit({ ...(await sampleRequest()).request, webhook: { url: hook.url } });
  await hook.arrived(1);
  await first.close();
  const second = await start(store, { control: { webhookSecret: SECRET, instance: "two" } });
  await hook.arrived(2);
  await released(store);
  assertEquals(hook.messages.map(({ headers }) => headers.get("webhook-id")), [`msg_${id}`, `msg_${id}`]);
  await second.close();
});

Deno.test("a receiver that is gone, forbidden, or never accepts is given up, and the job stays as it ended", async () => {
  for (
    const [answer, attempts] of [[410, 1], [500, 4]] as const
  ) {
    await using hook = receiver(() => answer);
    const store = freshStore();
    const runner = await start(store);
    const { id } = await runner.submit({ ...(await sampleRequest()).request, webhook: { url: hook.url } });
    await hook.arrived(attempts);
    await released(store);
    assertEquals([hook.messages.length, (await runner.get(id)).state], [attempts, "done"]);
    await runner.close();
  }
  let sent = 0;
  const send = () => {
    sent++;
    return Promise.reject(new ClearstackError("forbidden", "a private address"));
  };
  const store = freshStore();
  const runner = await start(store, { webhooks: { send, pausesMs: [1] } });
  await runner.submit({ ...(await sampleRequest()).request, webhook: { url: "http://10.0.0.1/" } });
  await until(() => Promise.resolve(sent > 0));
  await released(store);
  assertEquals(sent, 1);
  await runner.close();
});

Deno.test("without a secret a job with a webhook is refused, and a malformed secret names the variable", async () => {
  const runner = await start(freshStore(), { control: {} });
  const request = { ...(await sampleRequest()).request, webhook: { url: "https://example.org/" } };
  await assertRejects(() => runner.submit(request), ClearstackError, "CLEARSTACK_WEBHOOK_SECRET");
  await runner.close();
  for (const secret of ["", "whsec_", "whsec_c2hvcnQ=", "plain", "whsec_%%%"]) {
    assertThrows(
      () => new Webhooks({ secret, send: fetch }),
      ClearstackError,
      "CLEARSTACK_WEBHOOK_SECRET is no secret",
    );
  }
});
