/** What has to answer before jobs can be run. */
import { assertEquals, assertRejects } from "@std/assert";
import { createOrchestrateApp } from "functions/orchestrate/app.ts";
import { engineReady } from "functions/orchestrate/engine/engine_ready.ts";
import type { JobRunner } from "shared/engine/job_runner.ts";
import { httpJobRunner } from "shared/engine/http_job_runner.ts";
import { ClearstackError } from "shared/errors.ts";
import { problemResponse, toProblem } from "shared/http/problem.ts";

interface Answering {
  readonly url: string;
  /** Paths that were asked for. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** A server that answers everything in the same way. */
function serve(answer: () => Response): Answering {
  const asked: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    asked.push(new URL(request.url).pathname);
    return answer();
  });
  return { url: `http://127.0.0.1:${server.addr.port}`, asked, close: () => server.shutdown() };
}

const NO_GPU = new ClearstackError("no-device", "there is no GPU here");

Deno.test("one instance that is ready is enough; with none, the reason is the first one's", async () => {
  const ready = serve(() => Response.json({ status: "ok" }));
  const unready = serve(() => problemResponse(toProblem(NO_GPU)));
  await engineReady({ tilesUrls: [unready.url, ready.url] });
  const error = await assertRejects(
    () => engineReady({ tilesUrls: [unready.url, "http://127.0.0.1:9"] }),
    ClearstackError,
    NO_GPU.message,
  );
  assertEquals(error.kind, "no-device");
  assertEquals([ready.asked, unready.asked], [["/readyz"], ["/readyz", "/readyz"]]);
  for (const { close } of [ready, unready]) await close();
});

Deno.test("a Restate server that does not answer is asked first and is the reason", async () => {
  const instance = serve(() => Response.json({ status: "ok" }));
  const restate = serve(() => new Response(null, { status: 503 }));
  await assertRejects(() => engineReady({ tilesUrls: [instance.url], ingressUrl: restate.url }), ClearstackError);
  assertEquals([restate.asked, instance.asked], [["/restate/health"], []]);
  for (const { close } of [instance, restate]) await close();
});

Deno.test("what an instance lacks is told through orchestrate to the endpoint, while orchestrate lives", async () => {
  const never = () => Promise.reject(new Error("never called"));
  const store = { plan: never, submit: never, get: never, list: never, cancel: never, events: never };
  const jobs: JobRunner = { ...store, images: never, tiles: never, ready: () => Promise.resolve() };
  const app = createOrchestrateApp({ jobs, engineReady: () => Promise.reject(NO_GPU), log: () => {} });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, app.fetch);
  const runner = httpJobRunner(`http://127.0.0.1:${server.addr.port}`);
  await assertRejects(() => runner.ready(), ClearstackError, NO_GPU.message);
  assertEquals((await app.request("/healthz")).status, 200);
  await server.shutdown();
});
