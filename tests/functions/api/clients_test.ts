/** Clients as others write them: what docs/openapi.json says is what generators make types of, and what the service does. */
import { assert, assertEquals } from "@std/assert";
import openapiTS, { astToString } from "openapi-typescript";
import { createApiApp } from "functions/api/app.ts";
import type { JobRunner } from "shared/engine/job_runner.ts";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import { openApiPage } from "../../../infra/openapi_page.ts";
import { PYTHON, pythonTest } from "../../fixtures/python.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { openStore } from "../../stores.ts";
import { slowTest } from "../../test_unless.ts";
import { identityJobs, sampleRequest } from "../identity_jobs.ts";

const ROOT = new URL("../../../", import.meta.url);
const readText = (path: string) => Deno.readTextFile(new URL(path, ROOT));

const folder = await Deno.makeTempDir({ prefix: "clearstack-clients-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** A program of docs/jobs.md, with the number of its lines. */
async function program(fence: string) {
  const code = new RegExp(`\`\`\`${fence}\\n([\\s\\S]*?)\`\`\``).exec(await readText("docs/jobs.md"))![1]!;
  return { code, lines: code.trim().split("\n").length };
}

async function run(command: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args], cwd: folder }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)) as [string, string];
  assert(success, `${command} ${args.join(" ")}:\n${out}${err}`);
  return out;
}

/** A service on a loopback port, and the four arguments of a program that is to use it. */
async function serve() {
  const { request } = await sampleRequest();
  const jobs = await LocalJobRunner.start({ deps: identityJobs(), store: openStore(memoryUrl()), log: () => {} });
  const app = createApiApp({ jobs, allowedUrls: "any", log: () => {} });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (asked) => app.fetch(asked));
  return {
    args: [`http://127.0.0.1:${server.addr.port}`, request.source.url, request.psf.url, request.output.url],
    [Symbol.asyncDispose]: async () => {
      await server.shutdown();
      await jobs.close();
    },
  };
}

Deno.test("docs/openapi.json is what the service says of itself", async () => {
  const [written, said] = [await readText("docs/openapi.json"), await openApiPage()].map((text) => JSON.parse(text));
  assertEquals(written, said, "write it anew: deno run -A infra/openapi_page.ts");
});

Deno.test("every operation has one kind of success, and a request leaves out whatever has a default", async () => {
  const { paths, components } = JSON.parse(await readText("docs/openapi.json"));
  for (
    const [path, item] of Object.entries<Record<string, { responses: Record<string, { content?: object }> }>>(paths)
  ) {
    for (const [method, { responses }] of Object.entries(item)) {
      const bodies = Object.entries(responses).filter(([status, { content }]) =>
        status < "300" && content !== undefined
      );
      // A handshake of an object store is answered in its own way.
      const saysNothing = Object.keys(responses).filter((status) => status < "300").join() === "204";
      assertEquals([method, path, bodies.length], [method, path, path === "/v1/events" ? 2 : saysNothing ? 0 : 1]);
    }
  }
  assertEquals(JSON.stringify(components.schemas.JobRequest).includes('"default":'), false);
  assert(components.schemas.JobRequest.properties.algorithm.properties.iterations.description.endsWith("default 150"));
});

slowTest("a typed client that is generated of it type-checks and runs a program of 30 lines", async () => {
  const types = astToString(await openapiTS(JSON.parse(await readText("docs/openapi.json"))));
  const { code, lines } = await program("ts client");
  assert(lines <= 30, `${lines} lines`);
  const { imports } = JSON.parse(await readText("deno.json"));
  const config = { imports: { "openapi-fetch": imports["openapi-fetch"] }, compilerOptions: { strict: true } };
  await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(config));
  await Deno.writeTextFile(`${folder}/clearstack.d.ts`, types);
  await Deno.writeTextFile(`${folder}/client.ts`, code);
  await run(Deno.execPath(), ["check", "--quiet", "client.ts"]);
  const mistakes = [["iterations: 2", 'iterations: "2"'], ["status.tilesDone", "status.done"], ["{ url: psf }", "{}"]];
  const wrong = mistakes.reduce((text, [right, mistake]) => text.replace(right!, mistake!), code);
  await Deno.writeTextFile(`${folder}/wrong.ts`, wrong);
  const checked = await new Deno.Command(Deno.execPath(), { args: ["check", "wrong.ts"], cwd: folder }).output();
  assert(new TextDecoder().decode(checked.stderr).includes(`Found ${mistakes.length} errors`));
  await using service = await serve();
  const out = await run(Deno.execPath(), ["run", "--no-check", "--quiet", "-A", "client.ts", ...service.args]);
  assert(/^done 1 /.test(out), out);
});

pythonTest({
  name: "a program of 40 lines runs on Python's standard library alone",
  fn: async () => {
    const { code, lines } = await program("python");
    assert(lines <= 40, `${lines} lines`);
    await Deno.writeTextFile(`${folder}/client.py`, code);
    await using service = await serve();
    const out = await run(PYTHON, ["-I", "-S", "client.py", ...service.args]);
    assertEquals(out.trim(), "done 1");
    const refused = new Deno.Command(PYTHON, {
      args: ["-I", "-S", "client.py", ...service.args.with(2, "memory:none")],
      cwd: folder,
    });
    const { code: status, stderr } = await refused.output();
    assertEquals([status, new TextDecoder().decode(stderr).startsWith("404: ")], [1, true]);
  },
}, ["urllib"]);

Deno.test("a page whose origin is listed has its preflights answered without a key, and reads what it is answered", async () => {
  const origin = "https://app.example";
  const app = createApiApp({
    jobs: {} as JobRunner,
    allowedUrls: "any",
    corsOrigins: [origin],
    auth: {},
    log: () => {},
  });
  const preflight = await app.request("/v1/jobs", {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type,idempotency-key",
    },
  });
  const of = ({ headers }: Response, name: string) => headers.get(`access-control-${name}`);
  assertEquals([preflight.status, of(preflight, "allow-origin")], [204, origin]);
  assertEquals(of(preflight, "allow-headers"), "authorization,content-type,idempotency-key");
  assert(of(preflight, "allow-methods")!.includes("DELETE"));
  // A refusal, too, is for the page to read: it says what to do.
  const refused = await app.request("/v1/jobs", { headers: { origin } });
  assertEquals([refused.status, of(refused, "allow-origin")], [401, origin]);
  assert(of(refused, "expose-headers")!.split(",").includes("www-authenticate"));
  assertEquals(of(await app.request("/openapi.json", { headers: { origin } }), "allow-origin"), origin);
  assertEquals(
    of(await app.request("/v1/jobs", { headers: { origin: "https://evil.example" } }), "allow-origin"),
    null,
  );
});
