/** Instances that are started on demand and end by themselves, as Knative, Kubernetes or a systemd socket would have it. */
import { assert, assertEquals } from "@std/assert";
import { createApiApp } from "functions/api/app.ts";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import { openEngine } from "functions/orchestrate/engine/open_engine.ts";
import { computeClaim } from "functions/orchestrate/plan/compute_claim.ts";
import { JobStatusSchema } from "shared/contract/job_status.ts";
import { PlanSchema } from "shared/contract/plan.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { balance } from "../../../infra/cluster/balancer.ts";
import { answers, freePort } from "../../../infra/cluster/server_process.ts";
import { memoryUrl } from "../../fixtures/memory_url.ts";
import { openStore } from "../../stores.ts";
import { readOutput } from "../identity_jobs.ts";
import { patternedVoxels, writePsf, writeZarr } from "../sample_image.ts";

/** The folders of this test are made when it runs. */
const ANY_FILE = ["--allow-read", "--allow-write"];

const ROOT = new URL("../../../", import.meta.url);
const TOKEN = crypto.randomUUID();
const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
};

/** Starts `deconvolve` when somebody connects and none lives, after a while as a machine would take. */
function activator(startMs: number) {
  const port = freePort();
  let [process, starting, starts] = [
    undefined as Deno.ChildProcess | undefined,
    undefined as Promise<void> | undefined,
    0,
  ];
  const ends: number[] = [];
  const start = async () => {
    starts++;
    await new Promise((resolve) => setTimeout(resolve, startMs));
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-check",
        "-P=deconvolve",
        "--no-prompt",
        ...ANY_FILE,
        "functions/deconvolve/main.ts",
      ],
      cwd: ROOT,
      env: {
        ...{ PORT: `${port}`, CLEARSTACK_TOKEN: TOKEN, CLEARSTACK_IDLE: "1s", CLEARSTACK_ADDRESS_GUARD: "off" },
        CLEARSTACK_MEMORY: "512MiB",
      },
      stdout: "null",
      stderr: "null",
    }).spawn();
    process = child;
    child.status.then(({ code }) => {
      ends.push(code);
      process = undefined;
      starting = undefined;
    });
    const answer = answers(`http://127.0.0.1:${port}/healthz`);
    while (!await answer().catch(() => false)) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const balancer = balance([port], () => starting ??= start());
  return {
    url: `http://127.0.0.1:${balancer.port}`,
    alive: () => process !== undefined,
    starts: () => starts,
    ends,
    async close() {
      balancer.close();
      process?.kill("SIGKILL");
      await until(() => process === undefined);
    },
  };
}

Deno.test({
  name: "a plan wakes nobody; a job has an instance started, which ends when it has nothing to do",
  // Connections to an instance that has ended are closed by the other side, some time.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "clearstack-activator-" });
    const instances = activator(500);
    const store = openStore(memoryUrl());
    const variables: Record<string, string> = { CLEARSTACK_TILES_URL: instances.url };
    const engine = await openEngine({
      env: (name) => variables[name],
      control: { awayMs: 60_000 },
      store,
      token: TOKEN,
    });
    const jobs = await LocalJobRunner.start({
      deps: { ...engine, computeClaim, environment: NO_ENVIRONMENT },
      store,
      control: { awayMs: 60_000 },
      log: () => {},
    });
    const app = createApiApp({ jobs, allowedUrls: "any", log: () => {} });
    const post = async (path: string, body: unknown) =>
      await (await app.request(path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      })).json();
    try {
      const shape = [20, 40, 36];
      await writeZarr(`${folder}/image.zarr`, { shape, chunk: [7, 16, 16], values: patternedVoxels(shape) });
      await writePsf(`${folder}/psf.zarr`);
      const request = {
        source: { url: `${folder}/image.zarr` },
        psf: { url: `${folder}/psf.zarr` },
        output: { url: `${folder}/out.zarr`, pyramid: "none" },
        algorithm: { iterations: 2 },
        tiling: { tile: [10, 16, 16], halo: [2, 4, 4] },
        backend: "cpu",
        seamCheck: 0,
      };
      // The first plan of all has to learn what instances are.
      PlanSchema.parse(await post("/v1/plans", request));
      assertEquals(instances.starts(), 1);
      await until(() => !instances.alive());

      const started = performance.now();
      assertEquals(PlanSchema.parse(await post("/v1/plans", request)).tiles, 18);
      assert(performance.now() - started < 1000, "answered within a second");
      await jobs.ready();
      assertEquals([instances.starts(), instances.alive()], [1, false]);

      const { id } = JobStatusSchema.parse(await post("/v1/jobs", request));
      const { status } = (await Array.fromAsync(await jobs.events(id))).at(-1)!;
      assertEquals([status.state, instances.starts()], ["done", 2]);
      assertEquals((await readOutput(`${folder}/out.zarr`)).length, 20 * 40 * 36);
      await until(() => !instances.alive());
      assertEquals(instances.ends, [0, 0]);
    } finally {
      await jobs.close();
      await instances.close();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
