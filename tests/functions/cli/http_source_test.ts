/** Sources behind a web server that answers, refuses, fails or hangs up. */
import { assert, assertEquals } from "@std/assert";
import { patternedVoxels, writePsf, writeZarr } from "../sample_image.ts";
import { readOutput } from "../identity_jobs.ts";
import { besideWarnings, exists, runCli } from "./run_cli.ts";

const SHAPE = [12, 20, 24];
const folder = await Deno.makeTempDir({ prefix: "clearstack-http-source-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
await writeZarr(`${folder}/image.zarr`, { shape: SHAPE, chunk: [6, 10, 12], values: patternedVoxels(SHAPE) });
await writePsf(`${folder}/psf.zarr`);

/** Serves the folder; `fault` may answer in its place. */
function serveFolder(fault: (path: string) => Response | undefined = () => undefined) {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const answer = fault(pathname);
    if (answer) return answer;
    try {
      return new Response(await Deno.readFile(folder + pathname));
    } catch {
      return new Response(null, { status: 404 });
    }
  });
  return { url: `http://127.0.0.1:${server.addr.port}`, close: () => server.shutdown() };
}

async function deconvolve(source: string, output: string) {
  const args = ["deconvolve", source, `${folder}/${output}`, "--psf", `${folder}/psf.zarr`, "--backend", "cpu"];
  return await runCli([...args, "--iterations", "2"]);
}

Deno.test("an image over HTTP gives the same output as the same image in a folder", async () => {
  const server = serveFolder();
  assertEquals((await deconvolve(`${server.url}/image.zarr`, "remote.zarr")).status, 0);
  assertEquals((await deconvolve(`${folder}/image.zarr`, "local.zarr")).status, 0);
  assertEquals(await readOutput(`${folder}/remote.zarr`), await readOutput(`${folder}/local.zarr`));
  await server.close();
});

for (const [status, words] of [[403, "403"], [404, "does not exist"], [500, "500"]] as const) {
  Deno.test(`a source answered with ${status} is told in one line, and nothing is written`, async () => {
    const server = serveFolder(() => new Response(null, { status }));
    const { status: exit, err } = await deconvolve(`${server.url}/image.zarr`, `out-${status}.zarr`);
    assertEquals(exit, 2, err);
    assert(/^clearstack: [^\n]+\n$/.test(err) && err.includes(words), err);
    assertEquals(await exists(`${folder}/out-${status}.zarr`), false);
    await server.close();
  });
}

Deno.test("a source that hangs up is told in one line, and nothing is written", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const hangUp = (async () => {
    for await (const connection of listener) connection.close();
  })();
  const { status, err } = await deconvolve(`http://127.0.0.1:${listener.addr.port}/image.zarr`, "out-reset.zarr");
  assertEquals(status, 2, err);
  assert(/^clearstack: [^\n]+\n$/.test(err) && err.includes("127.0.0.1"), err);
  assertEquals(await exists(`${folder}/out-reset.zarr`), false);
  listener.close();
  await hangUp;
});

Deno.test("a source nobody serves is told in one line, without its password and signature", async () => {
  const gone = serveFolder();
  await gone.close();
  const url = gone.url.replace("http://", "http://user:password@");
  const { status, err } = await deconvolve(`${url}/image.zarr?signature=secret`, "out-gone.zarr");
  assertEquals(status, 2, err);
  assert(/^clearstack: [^\n]+\n$/.test(err), err);
  assert(!err.includes("password") && !err.includes("secret"), err);
});

Deno.test("chunks that are refused once in a while are asked for again", async () => {
  let requests = 0;
  const server = serveFolder((path) =>
    path.includes("/c/") && ++requests % 3 === 0 ? new Response(null, { status: 503 }) : undefined
  );
  const { status, err } = await deconvolve(`${server.url}/image.zarr`, "flaky.zarr");
  assertEquals([status, besideWarnings(err)], [0, ""]);
  await server.close();
});

Deno.test("a chunk that is refused for good is told in one line, and nothing is written", async () => {
  const server = serveFolder((path) => path.endsWith("/c/1/1/1") ? new Response(null, { status: 403 }) : undefined);
  const { status, err } = await deconvolve(`${server.url}/image.zarr`, "out-chunk.zarr");
  assertEquals(status, 2, err);
  assert(/^clearstack: [^\n]+c\/1\/1\/1[^\n]*\n$/.test(besideWarnings(err)), err);
  assertEquals(await exists(`${folder}/out-chunk.zarr`), false);
  await server.close();
});
