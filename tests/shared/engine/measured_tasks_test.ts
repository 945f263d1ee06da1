/** Counts of tasks that fail, are tried again, and are cancelled. */
import { assertEquals, assertRejects } from "@std/assert";
import { createTileComputer } from "functions/deconvolve/compute_tile.ts";
import { runJob } from "functions/orchestrate/run/run_job.ts";
import { createLocalEngine } from "shared/engine/local.ts";
import { measuredTasks } from "shared/engine/measured_tasks.ts";
import { ClearstackError } from "shared/errors.ts";
import type { LogFields } from "shared/telemetry/log.ts";
import { JOBS, TASKS } from "shared/telemetry/metrics.ts";
import type { Counter } from "shared/telemetry/registry.ts";
import { identityJobs, sampleRequest } from "../../functions/identity_jobs.ts";
import { identityKernels } from "../../functions/identity_kernels.ts";
import { reduceTile } from "../../stores.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";

/** What `f` adds to a counter, by the values of its labels. */
function watch<Label extends string>({ samples }: { samples: Counter<Label>["samples"] }) {
  const now = () => new Map(samples().map(({ labels, value }) => [Object.values(labels).join(" "), value]));
  const before = now();
  return () => {
    const added = [...now()].map(([key, value]) => [key, value - (before.get(key) ?? 0)] as const);
    return Object.fromEntries(added.filter(([, value]) => value > 0));
  };
}

Deno.test("attempts that failed are counted by the kind of their error, told in the log, and no part of what is done", async () => {
  const kernels = identityKernels((run) => {
    if (run === 2 || run === 5) throw new ClearstackError("device-lost", "a fault on purpose");
  });
  const logged: [string, LogFields | undefined][] = [];
  const all = { ...createTileComputer(kernels, NO_ENVIRONMENT), levels: reduceTile };
  const tasks = measuredTasks(
    all,
    ["tiles", "seams", "pilots", "levels"],
    (message, fields) => logged.push([message, fields]),
  );
  const retries = { attempts: 3, firstDelayMs: 1, longestDelayMs: 1 };
  const deps = { ...identityJobs(), engine: createLocalEngine(tasks, { retries }) };
  const { request } = await sampleRequest();
  const [ended, again, bytes, voxels] = [
    watch({ samples: () => TASKS.ended.samples() }),
    watch({ samples: () => JOBS.retries.samples() }),
    watch({ samples: () => TASKS.writtenBytes.samples() }),
    watch({ samples: () => TASKS.voxels.samples() }),
  ];
  const result = await runJob(request, deps);
  const { tiles, seam } = result;
  assertEquals(ended(), { "tiles done": tiles, "tiles failed": 2, "seams done": seam!.places });
  assertEquals(again(), { "tiles device-lost": 2 });
  assertEquals(bytes(), { tiles: result.bytesWritten });
  assertEquals(voxels(), { tiles: result.voxels });
  assertEquals(logged.map(([message, fields]) => [message, fields?.level, fields?.["error"]]), [
    ["a fault on purpose", "warn", "device-lost"],
    ["a fault on purpose", "warn", "device-lost"],
  ]);
});

Deno.test("a cancelled task is counted as cancelled and not told in the log", async () => {
  const logged: string[] = [];
  const stop = new AbortController();
  const kernels = identityKernels(() => stop.abort());
  const { tiles, seams, pilots } = createTileComputer(kernels, NO_ENVIRONMENT);
  const kinds = ["tiles", "seams", "pilots", "levels"] as const;
  const tasks = measuredTasks({ tiles, seams, pilots, levels: reduceTile }, kinds, (line) => logged.push(line));
  const { request } = await sampleRequest();
  const ended = watch({ samples: () => TASKS.ended.samples() });
  const deps = { ...identityJobs(), engine: createLocalEngine(tasks) };
  await assertRejects(() => runJob(request, deps, { signal: stop.signal }), ClearstackError);
  assertEquals([Object.keys(ended()), logged], [["tiles cancelled"], []]);
});
