/**
 * `deno task fuzz:tenants [--minutes 10] [--rounds 5]`: `serve` in a process of its own and a tenant whose small jobs follow one
 * another, in turn alone and beside one who tries all that is known to stop a service, for so many minutes each. Ends with status 1 where the good tenant
 * loses more than a fifth of its throughput, or a byte, or anybody is answered by 500.
 */
import { JobStatusSchema } from "shared/contract/job_status.ts";
import { callJson } from "shared/http/call_json.ts";
import { readEvents } from "shared/http/event_stream.ts";
import { hashHex } from "shared/image/output/hash.ts";
import { apiKeyHash, createApiKey } from "shared/keys/api_key.ts";
import { formatKeyRecords } from "shared/keys/key_records.ts";
import { storedBytes } from "../../tests/fixtures/raw_zarr.ts";
import { patternedVoxels, writePsf, writeZarr } from "../../tests/functions/sample_image.ts";
import { readFlags } from "../read_flags.ts";
import type { EndlessServers } from "./endless_main.ts";
import type { Answers } from "./hostile_main.ts";
import { prepareHostile, type Target } from "./hostile_tenant.ts";

/** Share of its throughput that the good tenant may lose. */
const MAX_LOSS = 0.2;

const flags = readFlags({ minutes: "10", rounds: "5" });
const [minutes, rounds] = [Number(flags.minutes), Number(flags.rounds)];
const folder = await Deno.makeTempDir({ prefix: "clearstack-tenants-" });
const [others, own] = [`${folder}/good`, `${folder}/hostile`];
const shape = [32, 96, 96];
await writeZarr(`${others}/image.zarr`, { shape, chunk: [16, 48, 48], values: patternedVoxels(shape) });
await writePsf(`${others}/psf.zarr`);
await prepareHostile(own);
const firstLine = async (output: ReadableStream<Uint8Array>) =>
  (await output.pipeThrough(new TextDecoderStream()).getReader().read()).value?.trim();
const keys = { good: createApiKey("good"), hostile: createApiKey("hostile") };
const records = Object.entries(keys).map(([id, key]) => ({
  ...{ id, sha256: apiKeyHash(key), created: "2026-01-05T09:30:00.000Z", roles: ["submit" as const] },
  ...(id === "hostile" ? { quotas: { liveJobs: 2, requests: 64, voxels: 2 ** 30 } } : {}),
}));
await Deno.writeTextFile(`${folder}/keys.json`, formatKeyRecords(records));

/** Starts a program of the hostile tenant. It gives way to the service, as one on another machine would. */
function startHostile(name: string, ...args: string[]) {
  const program = new URL(name, import.meta.url).pathname;
  return new Deno.Command("nice", {
    args: ["-n", "19", Deno.execPath(), "run", "-A", "--no-check", program, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}
const servers = startHostile("endless_main.ts");
const { endless, trickling }: EndlessServers = JSON.parse((await firstLine(servers.stdout))!);

const allow = [folder, endless, trickling].flatMap((place) => ["--allow", place]);
const service = new Deno.Command(Deno.execPath(), {
  args: [
    "run",
    "-A",
    "functions/cli/main.ts",
    "serve",
    "--quiet",
    "--port",
    "0",
    "--keys",
    `${folder}/keys.json`,
    ...allow,
  ],
  env: { CLEARSTACK_MEMORY: "1GiB" },
  stdout: "piped",
  stderr: "null",
}).spawn();
const url = (await firstLine(service.stdout))!;

let made = 0;
let hash: string | undefined;
const bytesLost: string[] = [];
const failed: string[] = [];

/** One job of the good tenant from its submission to its end; its voxels must be those of the first. */
async function goodJob(): Promise<void> {
  const output = `${others}/output-${++made}.zarr`;
  await Deno.writeTextFile(target.nextOutput, `${others}/output-${made + 1}.zarr`);
  const headers = { authorization: `Bearer ${keys.good}` };
  const body = {
    source: { url: `${others}/image.zarr` },
    psf: { url: `${others}/psf.zarr` },
    output: { url: output },
    algorithm: { iterations: 10 },
    backend: "cpu",
  };
  const { id } = await callJson(`${url}/v1/jobs`, JobStatusSchema, { method: "POST", body, headers });
  const events = await fetch(`${url}/v1/jobs/${id}/events`, { headers });
  let state = "";
  for await (const { status } of readEvents(events.body!)) state = status.state;
  if (state !== "done") failed.push(`job ${made} is ${state}`);
  else {
    const own = await hashHex(await storedBytes(output));
    if (own !== (hash ??= own)) bytesLost.push(output);
  }
  if (made > 1) await Deno.remove(output, { recursive: true });
}

/** Runs jobs for so long; returns jobs per second. */
async function throughput(seconds: number): Promise<number> {
  const started = performance.now();
  let jobs = 0;
  for (; performance.now() - started < 1000 * seconds; jobs++) {
    await goodJob().catch((error) => failed.push(String(error)));
  }
  return 1000 * jobs / (performance.now() - started);
}

const target: Target = {
  ...{ url, key: keys.hostile, own, others, endless, trickling },
  nextOutput: `${folder}/next-output`,
};
const answers = new Map<string, Map<number, number>>();

/** Runs something beside the hostile tenant. */
async function besideHostile<T>(what: () => Promise<T>): Promise<T> {
  const hostile = startHostile("hostile_main.ts", JSON.stringify(target));
  const result = await what();
  await hostile.stdin.close();
  const { stdout } = await hostile.output();
  for (const [name, counts] of Object.entries(JSON.parse(new TextDecoder().decode(stdout)) as Answers)) {
    const all = answers.get(name) ?? new Map<number, number>();
    for (const [status, count] of Object.entries(counts)) all.set(+status, (all.get(+status) ?? 0) + count);
    answers.set(name, all);
  }
  return result;
}

await goodJob();
const [alone, beside]: [number[], number[]] = [[], []];
const seconds = 60 * minutes / rounds;
for (let round = 0; round < rounds; round++) {
  alone.push(await throughput(seconds));
  beside.push(await besideHostile(() => throughput(seconds)));
}
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const loss = 1 - mean(beside) / mean(alone);
const shown = (values: readonly number[]) =>
  `${mean(values).toFixed(3)} jobs/s (${values.map((value) => value.toFixed(2)).join(", ")})`;
for (const [name, counts] of answers) {
  console.log(
    `${name.padEnd(31)} ${[...counts].map(([status, count]) => `${status || "no answer"}: ${count}`).join(", ")}`,
  );
}
console.log(`alone   ${shown(alone)}\nbeside  ${shown(beside)}\nloss    ${(100 * loss).toFixed(0)} %, ${made} jobs`);
console.log(`outputs with other bytes: ${bytesLost.length}; jobs that failed: ${failed.join("; ") || "none"}`);
service.kill("SIGTERM");
await service.status;
servers.kill();
await servers.status;
await Deno.remove(folder, { recursive: true });
const answered500 = [...answers.values()].some((counts) => counts.has(500));
Deno.exit(loss <= MAX_LOSS && bytesLost.length + failed.length === 0 && !answered500 ? 0 : 1);
