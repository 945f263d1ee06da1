import { assert, assertEquals } from "@std/assert";
import { readEvents } from "shared/http/event_stream.ts";
import { readOutput } from "../../identity_jobs.ts";
import { patternedVoxels, writePsf, writeZarr } from "../../sample_image.ts";
import type { CliRun } from "../run_cli.ts";
import { exists, runCli } from "../run_cli.ts";

const SHAPE = [12, 20, 24];
const folder = await Deno.makeTempDir({ prefix: "clearstack-serve-" });
const path = (name: string) => `${folder}/${name}`;
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
await writeZarr(path("image.zarr"), { shape: SHAPE, chunk: [6, 10, 12], values: patternedVoxels(SHAPE) });
await writePsf(path("psf.zarr"));

/** Serves until `stop`. */
async function serve(...flags: string[]): Promise<{ url: string; stop: () => Promise<CliRun> }> {
  const listening = Promise.withResolvers<string>();
  const interrupt = Promise.withResolvers<() => void>();
  const running = runCli(["serve", "--port", "0", ...flags], {
    onOut: (text) => listening.resolve(text.trim()),
    onInterrupt: interrupt.resolve,
  });
  const url = await Promise.race([listening.promise, running.then(({ err }) => Promise.reject(new Error(err)))]);
  const stop = async () => {
    (await interrupt.promise)();
    return await running;
  };
  return { url, stop };
}

const job = (output: string) => ({
  source: { url: path("image.zarr") },
  psf: { url: path("psf.zarr") },
  output: { url: path(output) },
  algorithm: { iterations: 2 },
  backend: "cpu",
});

const post = (url: string, body: unknown) =>
  fetch(url, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });

Deno.test("a served job gives the bytes that the command line gives", async () => {
  const { url, stop } = await serve();
  const accepted = await post(`${url}/v1/jobs`, job("served.zarr"));
  assertEquals(accepted.status, 202);
  const events = await fetch(`${url}${accepted.headers.get("location")}/events`);
  await accepted.body?.cancel();
  assertEquals((await Array.fromAsync(readEvents(events.body!))).at(-1)!.status.state, "done");
  const args = [
    path("image.zarr"),
    path("direct.zarr"),
    "--psf",
    path("psf.zarr"),
    "--iterations",
    "2",
    "--backend",
    "cpu",
  ];
  assertEquals((await runCli(["deconvolve", ...args])).status, 0);
  assertEquals(await readOutput(path("served.zarr")), await readOutput(path("direct.zarr")));
  assertEquals((await stop()).status, 0);
});

Deno.test("what becomes of a job is told as it happens, unless it is to be quiet", async () => {
  for (const quiet of [false, true]) {
    const { url, stop } = await serve(...(quiet ? ["--quiet"] : []));
    const accepted = await post(`${url}/v1/jobs`, job(`told-${quiet}.zarr`));
    const { id } = await accepted.json();
    await (await fetch(`${url}/v1/jobs/${id}/events`)).text();
    const { err } = await stop();
    const told = err.split("\n").filter((line) => line.includes(id)).map((line) => line.replace(/^[\d:]{8} /, ""));
    assertEquals(told.map((line) => line.split(" [")[0]), quiet ? [] : ["the job is running", "the job has ended"]);
  }
});

Deno.test("jobs are remembered in a folder from one run to the next", async () => {
  const first = await serve("--jobs", path("jobs"));
  const accepted = await post(`${first.url}/v1/jobs`, job("remembered.zarr"));
  const { id } = await accepted.json();
  await (await fetch(`${first.url}/v1/jobs/${id}/events`)).text();
  await first.stop();
  const second = await serve("--jobs", path("jobs"));
  const status = await (await fetch(`${second.url}/v1/jobs/${id}`)).json();
  assertEquals([status.state, status.id], ["done", id]);
  await second.stop();
});

Deno.test("one that finds its port taken has not taken over the jobs of whoever listens there", async () => {
  const { url, stop } = await serve();
  const { status } = await runCli(["serve", "--jobs", path("disputed"), "--port", new URL(url).port]);
  assertEquals([status, await exists(path("disputed/driver.json"))], [2, false]);
  await stop();
});

Deno.test("with --allow, locations elsewhere are refused and nothing is written", async () => {
  const { url, stop } = await serve("--allow", path("image.zarr"), "--allow", path("psf.zarr"));
  const refused = await post(`${url}/v1/jobs`, job("refused.zarr"));
  assertEquals([refused.status, (await refused.json()).status], [403, 403]);
  assertEquals(await exists(path("refused.zarr")), false);
  const { err } = await stop();
  assert(err.includes(path("psf.zarr")), err);
});

/** Sends a request under a name, as a browser does that resolves the name to this machine. */
async function ask(url: string, headers: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) });
  await connection.write(new TextEncoder().encode(`GET /v1/jobs HTTP/1.1\r\n${headers}\r\nconnection: close\r\n\r\n`));
  const text = await new Response(connection.readable).text();
  return text.split(" ")[1]!;
}

Deno.test("without keys, a page whose name leads to this machine is refused, and so is one of another origin", async () => {
  const { url, stop } = await serve();
  const { host, port } = new URL(url);
  for (const name of [host, `localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`, `app.localhost:${port}`]) {
    assertEquals([name, await ask(url, `host: ${name}`)], [name, "200"]);
  }
  for (const name of [`evil.example:${port}`, "evil.example", "127.0.0.1.evil.example", "localhost.evil", "0.0.0.0"]) {
    assertEquals([name, await ask(url, `host: ${name}`)], [name, "421"]);
  }
  for (const origin of ["https://evil.example", "null", `http://localhost:1`]) {
    assertEquals([origin, await ask(url, `host: ${host}\r\norigin: ${origin}`)], [origin, "403"]);
  }
  assertEquals(await ask(url, `host: ${host}\r\norigin: ${url}`), "200");
  await stop();
});

Deno.test("whoever accepts the danger may be called by any name", async () => {
  const { url, stop } = await serve("--insecure");
  assertEquals(await ask(url, "host: proxied.example"), "200");
  await stop();
});

Deno.test("bound to another address than this machine's own, callers must be told apart or the danger accepted", async () => {
  const { status, err } = await runCli(["serve", "--port", "0", "--host", "0.0.0.0"]);
  assertEquals(status, 2);
  assert(/^clearstack: [^\n]*0\.0\.0\.0[^\n]*--keys[^\n]*\n$/.test(err), err);
});

Deno.test("bound to another address than this machine's own, nothing is allowed that was not listed", async () => {
  const { url, stop } = await serve("--host", "0.0.0.0", "--insecure");
  const refused = await post(`${url}/v1/jobs`, job("open.zarr"));
  assertEquals(refused.status, 403);
  await refused.body?.cancel();
  assert((await stop()).err.includes("--allow"));
});

Deno.test("a port that is taken, or is none, is refused in one line", async () => {
  const { url, stop } = await serve();
  for (const port of [new URL(url).port, "70000", "x", "-1"]) {
    const { status, err } = await runCli(["serve", "--port", port]);
    assertEquals(status, 2);
    assert(/^clearstack: [^\n]*port[^\n]*\n$/.test(err) && err.includes(port), err);
  }
  await stop();
});
