/** The api function as a process of its own, killed between its answer and the job. */
import { assertEquals } from "@std/assert";
import { freePort } from "../../../../infra/cluster/server_process.ts";
import { recorded, SECRET, SOURCES } from "./deliveries.ts";
import { TIFF_RULES } from "./service.ts";

const ROOT = new URL("../../../../", import.meta.url);

/** Starts the function and waits until it answers. */
async function start(env: Record<string, string>) {
  const port = freePort();
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "functions/api/main.ts"],
    cwd: ROOT,
    env: { ...env, PORT: `${port}` },
    stdout: "null",
    stderr: "null",
  }).spawn();
  let running = true;
  process.status.then(() => running = false);
  const kill = async () => {
    if (running) process.kill("SIGKILL");
    await process.status;
  };
  const url = `http://127.0.0.1:${port}`;
  for (let waited = 0; waited < 300; waited++) {
    const response = await fetch(`${url}/healthz`).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok) return { url, kill };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await kill();
  throw new Error("the api function does not answer");
}

Deno.test("an event that was answered is a job after all, whenever the process is killed", async () => {
  await using ending = new AsyncDisposableStack();
  const inbox = await Deno.makeTempDir({ prefix: "clearstack-inbox-" });
  ending.defer(() => Deno.remove(inbox, { recursive: true }));
  const runs = freePort();
  const env = {
    CLEARSTACK_RUNS_URL: `http://127.0.0.1:${runs}`,
    CLEARSTACK_EVENT_INBOX: inbox,
    CLEARSTACK_EVENT_RULES: JSON.stringify({ sources: SOURCES, rules: TIFF_RULES }),
    CLEARSTACK_ALLOW: "s3://uploads s3://psfs s3://results",
  };
  const first = await start(env);
  ending.defer(first.kill);
  const { headers, body } = await recorded("s3_put");
  const send = (url: string) =>
    fetch(`${url}/v1/events?secret=${SECRET}`, { method: "POST", headers, body: JSON.stringify(body) });
  // Nobody runs jobs yet, so that the event waits.
  assertEquals(await (await send(first.url)).json(), { accepted: 1, ignored: 0, refused: 0 });
  await first.kill();

  const submitted = Promise.withResolvers<{ readonly owner: string | null; readonly key: string | null }>();
  const orchestrator = Deno.serve({ hostname: "127.0.0.1", port: runs, onListen: () => {} }, (request) => {
    const owner = new URL(request.url).searchParams.get("owner");
    submitted.resolve({ owner, key: request.headers.get("idempotency-key") });
    return new Response(null, { status: 500 });
  });
  ending.defer(() => orchestrator.shutdown());
  const second = await start(env);
  ending.defer(second.kill);
  const { owner, key } = await submitted.promise;
  assertEquals([owner, key?.length], ["events", 64]);
});
