/** Each function as a process of its own, started the way it is deployed: with its permissions, keys and tokens, and no more. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { permissionFlags } from "../../infra/permission_flags.ts";
import { readEvents } from "shared/http/event_stream.ts";
import { readOutput } from "./identity_jobs.ts";
import { runCli } from "./cli/run_cli.ts";
import { patternedVoxels, writePsf, writeZarr } from "./sample_image.ts";
import { startFunction } from "./served_function.ts";
import { slowTest } from "../test_unless.ts";
import { writeBundle } from "../../infra/bundle/write_bundle.ts";

const ROOT = new URL("../../", import.meta.url);

/** Flags with which nothing comes from a registry. */
const WITHOUT_PACKAGES = ["--cached-only", "--no-npm"];

/** A job through all functions, started from the checkout or from a bundle, beside the same job on the command line. */
async function compareWithCommandLine(bundle?: string): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-apart-" });
  const shape = [12, 20, 24];
  await writeZarr(`${folder}/image.zarr`, { shape, chunk: [6, 10, 12], values: patternedVoxels(shape) });
  await writePsf(`${folder}/psf.zarr`);
  const key = (await runCli(["keys", "create", "lab", "--file", `${folder}/keys.json`, "--quiet"])).out.trim();
  const CLEARSTACK_TOKEN = crypto.randomUUID();
  const flags = bundle ? WITHOUT_PACKAGES : [];
  const tiles = await startFunction("deconvolve", {
    bundle,
    flags,
    env: { CLEARSTACK_TOKEN, CLEARSTACK_ALLOW: folder, CLEARSTACK_MEMORY: "1GiB" },
  });
  const levels = await startFunction("pyramid", { bundle, flags, env: { CLEARSTACK_TOKEN, CLEARSTACK_ALLOW: folder } });
  const addresses = { CLEARSTACK_TILES_URL: tiles.url, CLEARSTACK_PYRAMID_URL: levels.url };
  const orchestrator = await startFunction("orchestrate", {
    bundle,
    flags,
    env: { CLEARSTACK_TOKEN, ...addresses, CLEARSTACK_ALLOW: folder, CLEARSTACK_JOBS: `${folder}/jobs` },
  });
  const api = await startFunction("api", {
    bundle,
    flags,
    env: {
      CLEARSTACK_TOKEN,
      CLEARSTACK_RUNS_URL: orchestrator.url,
      CLEARSTACK_ALLOW: folder,
      CLEARSTACK_KEYS: `${folder}/keys.json`,
    },
  });
  const authorization = `Bearer ${key}`;
  try {
    const accepted = await fetch(`${api.url}/v1/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization },
      body: JSON.stringify({
        source: { url: `${folder}/image.zarr` },
        psf: { url: `${folder}/psf.zarr` },
        output: { url: `${folder}/apart.zarr` },
        algorithm: { iterations: 2 },
        backend: "cpu",
      }),
    });
    const { id, detail, owner } = await accepted.json();
    assertEquals([accepted.status, detail, owner], [202, undefined, "lab"]);
    const events = await fetch(`${api.url}/v1/jobs/${id}/events`, { headers: { authorization } });
    const last = (await Array.fromAsync(readEvents(events.body!))).at(-1)!.status;
    assertEquals([last.state, last.error], ["done", undefined]);
    for (
      const url of [
        `${api.url}/v1/jobs`,
        `${orchestrator.url}/v1/runs`,
        `${tiles.url}/v1/device`,
        `${levels.url}/v1/levels`,
      ]
    ) {
      const refused = await fetch(url, { headers: { authorization: "Bearer wrong" } });
      assertEquals([refused.status, (await refused.json()).status], [401, 401], url);
    }
  } finally {
    for (const { stop } of [api, orchestrator, levels, tiles]) await stop();
  }
  const args = [`${folder}/image.zarr`, `${folder}/direct.zarr`, "--psf", `${folder}/psf.zarr`];
  const command = ["deconvolve", ...args, "--iterations", "2", "--backend", "cpu"];
  assertEquals(bundle ? await runBundled(bundle, command) : (await runCli(command)).status, 0);
  assertEquals(await readOutput(`${folder}/apart.zarr`), await readOutput(`${folder}/direct.zarr`));
  await Deno.remove(folder, { recursive: true });
}

/** Exit status of the command line of a bundle. */
async function runBundled(bundle: string, command: readonly string[]): Promise<number> {
  const args = ["run", "-A", ...WITHOUT_PACKAGES, `${bundle}/clearstack.js`, ...command];
  return (await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output()).code;
}

Deno.test("each under its own permissions, known to each other by a token and to the caller by a key, the functions give the bytes of the command line", async () => {
  await compareWithCommandLine();
});

slowTest(
  "the functions do so from the bundle too, without packages and the checkout, and so does its command line",
  async () => {
    const bundle = await Deno.makeTempDir({ prefix: "clearstack-bundle-" });
    try {
      await writeBundle(bundle);
      await compareWithCommandLine(bundle);
    } finally {
      await Deno.remove(bundle, { recursive: true });
    }
  },
);

/** Fetches each URL on its own and prints whether the connection was made. */
const FETCH_ALL = `
  for (const url of Deno.args) {
    try {
      await (await fetch(url)).body?.cancel();
      console.log("reached", url);
    } catch {
      console.log("refused", url);
    }
  }`;

for (const permissions of ["deconvolve-sealed", "pyramid-sealed"]) {
  Deno.test(`what is ${permissions} serves, and cannot be sent to this machine by any spelling or name`, async () => {
    let hits = 0;
    const secret = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, () => {
      hits++;
      return new Response("secret");
    });
    const hosts = [
      "127.0.0.1",
      "2130706433",
      "0x7f.1",
      "017700000001",
      "[::ffff:127.0.0.1]",
      "localhost",
      "127.0.0.1.",
    ];
    const urls = hosts.map((host) => `http://${host}:${secret.addr.port}/`);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", `-P=${permissions}`, "--no-prompt", "--no-check", "-", ...urls],
      cwd: ROOT,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(FETCH_ALL));
    await writer.close();
    const lines = new TextDecoder().decode((await child.output()).stdout).trim().split("\n");
    assertEquals(lines, urls.map((url) => `refused ${url}`));
    assertEquals(hits, 0);
    await secret.shutdown();

    const name = permissions.split("-")[0]!;
    const env = { HOST: "0.0.0.0", CLEARSTACK_TOKEN: crypto.randomUUID(), CLEARSTACK_MEMORY: "1GiB" };
    const { url, stop } = await startFunction(name, { permissions, env });
    const health = await fetch(`${url}/healthz`);
    await health.body?.cancel();
    await stop();
    assertEquals(health.status, 200);
  });
}

Deno.test("no permission set may run programs, call libraries or read every variable", async () => {
  const { permissions } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  for (const [name, set] of Object.entries<Record<string, unknown>>(permissions)) {
    assertEquals(
      [set["run"], set["ffi"], set["all"], set["import"]],
      [undefined, undefined, undefined, undefined],
      name,
    );
    assert(Array.isArray(set["env"]), name);
  }
});

/** Tells whether each path may be read and written, and whether the thread of kernels starts. */
const ASK_ALL = `
  for (const path of Deno.args) {
    const states = ["read", "write"].map((name) => Deno.permissions.querySync({ name, path }).state);
    console.log(path, ...states);
  }
  const worker = new Worker(new URL("kernels/cpu/threads/worker.ts", "file://" + Deno.cwd() + "/"), { type: "module" });
  worker.onerror = (event) => {
    event.preventDefault();
    console.log("no thread", event.message);
    Deno.exit();
  };
  setTimeout(() => Deno.exit(), 500);`;

for (const name of ["orchestrate", "deconvolve", "pyramid", "deconvolve-sealed", "pyramid-sealed"]) {
  Deno.test(`the set ${name} opens the folders that are configured, or /data, and nothing else`, async () => {
    const cases = name.endsWith("-sealed")
      ? [{}]
      : [{}, { CLEARSTACK_ALLOW_SOURCES: "/in", CLEARSTACK_ALLOW_OUTPUTS: "/out" }];
    for (const variables of cases as Record<string, string>[]) {
      const configured = "CLEARSTACK_ALLOW_OUTPUTS" in variables;
      const flags = configured ? permissionFlags(name, (variable) => variables[variable]) : [];
      const child = new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          `-P=${name}`,
          "--no-prompt",
          "--no-check",
          ...flags,
          "-",
          "/in/a",
          "/out/a",
          "/data/a",
          "/etc/passwd",
        ],
        cwd: ROOT,
        stdin: "piped",
        stdout: "piped",
        stderr: "null",
      }).spawn();
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(ASK_ALL));
      await writer.close();
      const lines = new TextDecoder().decode((await child.output()).stdout).trim().split("\n");
      const state = (granted: boolean) => granted ? "granted" : "prompt";
      assertEquals(lines, [
        `/in/a ${state(configured && name !== "pyramid")} prompt`,
        `/out/a ${state(configured)} ${state(configured)}`,
        `/data/a ${state(!configured)} ${state(!configured)}`,
        "/etc/passwd prompt prompt",
      ]);
    }
  });
}

Deno.test("a folder that flags cannot hold is refused, and a scheme of files opens all of them", () => {
  const flags = (allow: string) =>
    permissionFlags("pyramid", (name) => name === "CLEARSTACK_ALLOW" ? allow : undefined);
  assertThrows(() => flags("file:///my%20data"), Error, "/my data");
  assertThrows(() => flags("/a,b"), Error, "/a,b");
  assertEquals(flags("file://"), ["--allow-read", "--allow-write"]);
  assertEquals(flags("s3://bucket").at(-1), "--deny-write");
});
