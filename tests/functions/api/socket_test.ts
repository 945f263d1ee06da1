/** The functions on real sockets: each served apart, bound together by nothing but URLs. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createApiApp } from "functions/api/app.ts";
import { createDeconvolveApp } from "functions/deconvolve/app.ts";
import { createTileComputer } from "functions/deconvolve/compute_tile.ts";
import { createPyramidApp } from "functions/pyramid/app.ts";
import { createOrchestrateApp } from "functions/orchestrate/app.ts";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import { httpJobRunner } from "shared/engine/http_job_runner.ts";
import { httpDevice, httpLevels, httpTiles } from "shared/engine/http_functions.ts";
import { createLocalEngine } from "shared/engine/local.ts";
import { ClearstackError } from "shared/errors.ts";
import { readEvents } from "shared/http/event_stream.ts";
import type { IdentityKernels } from "../identity_kernels.ts";
import { identityKernels } from "../identity_kernels.ts";
import { identityJobs, readOutput, sampleRequest } from "../identity_jobs.ts";
import { openStore, reduceTile } from "../../stores.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";

type Handler = (request: Request) => Response | Promise<Response>;

function serve(handler: Handler) {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => handler(request));
  return { url: `http://127.0.0.1:${server.addr.port}`, close: () => server.shutdown() };
}

let stores = 0;

/** Endpoint, orchestrator and tiles in one process, but each behind a socket of its own. */
async function serveApart(kernels: IdentityKernels) {
  const { device, computeClaim } = identityJobs();
  const computer = createTileComputer(kernels, NO_ENVIRONMENT);
  const tiles = serve(createDeconvolveApp({ ...computer, device, log: () => {} }).fetch);
  const levels = serve(createPyramidApp({ levels: reduceTile, log: () => {} }).fetch);
  const deps = {
    environment: NO_ENVIRONMENT,
    engine: createLocalEngine({ ...httpTiles(tiles.url), ...httpLevels(levels.url) }, {
      retries: { attempts: 2, firstDelayMs: 1, longestDelayMs: 1 },
    }),
    device: (choice: "auto" | "webgpu" | "cpu") => httpDevice(tiles.url, choice),
    computeClaim,
  };
  const store = openStore(`memory:socket-${++stores}`);
  const runner = await LocalJobRunner.start({ deps, store, log: () => {} });
  const orchestrator = serve(createOrchestrateApp({ jobs: runner, log: () => {} }).fetch);
  const jobs = httpJobRunner(orchestrator.url);
  const api = serve(createApiApp({ jobs, allowedUrls: "any", heartbeatMs: 20, log: () => {} }).fetch);
  const close = async () => {
    await runner.close();
    for (const server of [api, orchestrator, tiles, levels]) await server.close();
  };
  return { url: api.url, close };
}

const post = (url: string, body: unknown) =>
  fetch(url, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });

Deno.test("a job goes from endpoint to orchestrator to tiles and back, over three sockets", async () => {
  const service = await serveApart(identityKernels());
  const { request, values } = await sampleRequest();
  const accepted = await post(`${service.url}/v1/jobs`, request);
  assertEquals(accepted.status, 202);
  const { id } = await accepted.json();
  const events = await fetch(`${service.url}/v1/jobs/${id}/events`);
  const received = await Array.fromAsync(readEvents(events.body!));
  assertEquals(received.at(-1)!.status.state, "done");
  assertEquals(await readOutput(request.output.url), values);
  assertEquals((await (await fetch(`${service.url}/v1/jobs`)).json()).jobs.length, 1);
  assertEquals((await (await post(`${service.url}/v1/plans`, request)).json()).tiles, 18);
  assertEquals((await fetch(`${service.url}/readyz`).then((r) => r.json())).status, "ok");
  await service.close();
});

Deno.test("errors keep their kind and their words on the way through", async () => {
  const service = await serveApart(identityKernels());
  const { request } = await sampleRequest();
  const missing = await post(`${service.url}/v1/jobs`, { ...request, source: { url: "memory:nothing" } });
  assertEquals(missing.status, 404);
  assert((await missing.json()).detail.includes("memory:nothing"));
  const unknown = await fetch(`${service.url}/v1/jobs/none-00000000`);
  assertEquals(unknown.status, 404);
  await unknown.body?.cancel();

  const kernels = identityKernels(() => {
    throw new ClearstackError("corrupt-data", "NaN in the image");
  });
  const failing = await serveApart(kernels);
  const { id } = await (await post(`${failing.url}/v1/jobs`, request)).json();
  const events = await fetch(`${failing.url}/v1/jobs/${id}/events`);
  const { state, error } = (await Array.fromAsync(readEvents(events.body!))).at(-1)!.status;
  assertEquals([state, error?.kind], ["failed", "corrupt-data"]);
  assert(error!.message.includes("NaN in the image"));
  await failing.close();
  await service.close();
});

Deno.test("deleting a job stops the tiles that are computed elsewhere", async () => {
  const started = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  const kernels = identityKernels((_, { signal }) => {
    started.resolve();
    signal!.addEventListener("abort", () => aborted.resolve());
    return aborted.promise;
  });
  const service = await serveApart(kernels);
  const { request } = await sampleRequest();
  // Task messages of more than a packet: the tiles' end of the socket must notice all the same that the caller hung up.
  const psf = { ...request.psf, url: `${request.psf.url}${"/".repeat(2000)}` };
  const { id } = await (await post(`${service.url}/v1/jobs`, { ...request, psf })).json();
  await started.promise;
  const response = await fetch(`${service.url}/v1/jobs/${id}`, { method: "DELETE" });
  assertEquals((await response.json()).state, "cancelled");
  await aborted.promise;
  await service.close();
});

Deno.test("a quiet stream is kept open by comments, and a client that leaves frees it", async () => {
  const gate = Promise.withResolvers<void>();
  const service = await serveApart(identityKernels(() => gate.promise));
  const { id } = await (await post(`${service.url}/v1/jobs`, (await sampleRequest()).request)).json();
  const client = new AbortController();
  const events = await fetch(`${service.url}/v1/jobs/${id}/events`, { signal: client.signal });
  const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes(": still here")) text += (await reader.read()).value;
  client.abort();
  await assertRejects(async () => {
    while (!(await reader.read()).done);
  });
  gate.resolve();
  // Closing waits for open connections: it would not end if the stream were still held.
  await service.close();
});

Deno.test("a function that is gone is reported as such", async () => {
  const gone = serve(() => new Response());
  await gone.close();
  const error = await assertRejects(() => httpJobRunner(gone.url).list({ limit: 1 }), ClearstackError, "no answer");
  assertEquals([error.kind, error.status], ["device-lost", 503]);
});
