import { assert, assertEquals, assertRejects } from "@std/assert";
import { keepRunning } from "../../../infra/cluster/keep_running.ts";
import { answers, freePort, ServerProcess } from "../../../infra/cluster/server_process.ts";

/** A server that answers `ok`; `script` runs before it listens. */
async function server(script = "") {
  const logFolder = await Deno.makeTempDir({ prefix: "clearstack-server-" });
  const port = freePort();
  const answer = '({ url }) => url.endsWith("/end") ? Deno.exit(3) : new Response("ok")';
  const code = `${script}; Deno.serve({ hostname: "127.0.0.1", port: ${port} }, ${answer})`;
  const process = new ServerProcess({
    name: "sample",
    command: Deno.execPath(),
    args: ["eval", "--quiet", code],
    logFolder,
    ready: answers(`http://127.0.0.1:${port}`),
  });
  const end = async () => {
    await process.kill();
    await Deno.remove(logFolder, { recursive: true });
  };
  return { process, url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: end };
}

const isRunning = (pid: number) => Deno.stat(`/proc/${pid}`).then(() => true, () => false);

Deno.test("a server that was killed is gone, and starts again at the same address", async () => {
  await using running = await server();
  const { process, url } = running;
  await process.start();
  const first = process.pid!;
  await process.kill();
  assertEquals([process.pid, await isRunning(first)], [undefined, false]);
  await process.start();
  assert(await answers(url)());
  await process.stop();
});

Deno.test("a server that does not listen is told of with its last words, and not left behind", async () => {
  await using running = await server('console.error("no such device"); Deno.exit(3)');
  const { process } = running;
  await assertRejects(() => process.start(), Error, "no such device");
  assertEquals(process.pid, undefined);
});

Deno.test("a server that ends by itself is told of and started again, and one that is stopped is not", async () => {
  const line = JSON.stringify({ level: "error", message: "the job has failed: no room" });
  await using running = await server(`console.error(${JSON.stringify(line)})`);
  const { process, url } = running;
  const told: string[] = [];
  const again = Promise.withResolvers<void>();
  const closing = new AbortController();
  const tell = (line: string) => {
    told.push(line);
    if (line.endsWith("runs again")) again.resolve();
  };
  keepRunning(process, { tell, closing: closing.signal });
  await process.start();
  await fetch(`${url}/end`).catch(() => {});
  await again.promise;
  assert(await answers(url)());
  closing.abort();
  await process.stop();
  assertEquals(process.pid, undefined);
  const ended = `sample ended with status 3: starting it again in 1 s; its log is ${process.logFile}`;
  const trouble = "sample: error the job has failed: no room";
  assertEquals(told.toSorted(), [trouble, trouble, ended, "sample runs again"].toSorted());
});
