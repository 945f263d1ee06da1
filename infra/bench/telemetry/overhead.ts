/**
 * Measures the cost of telemetry where nobody asks for it: the time of everything that is done for one tile besides the tile, in a process
 * without OTEL_DENO. `deno run -A infra/bench/telemetry/overhead.ts`; with OTEL_DENO=true it tells what recording costs.
 */
import { measuredTasks } from "shared/engine/measured_tasks.ts";
import type { TileReport, TileTask } from "shared/contract/tile.ts";
import { metricsText, TASKS } from "shared/telemetry/metrics.ts";
import { addSpan, isTraced, spanTime, withSpan } from "shared/telemetry/span.ts";
import { sampleReport, sampleTask } from "../../../tests/shared/engine/sample_tasks.ts";

const TILES = 20_000;
const ROUNDS = 5;

/** Spans of a tile, see docs/telemetry.md: the tile, its five parts, and three phases of the kernels. */
async function spansOfOneTile(report: TileReport): Promise<TileReport> {
  return await withSpan("tile", { "clearstack.task": 1, "clearstack.box": [64, 256, 256] }, async () => {
    for (const part of ["read", "prepare", "deconvolve", "encode and write"]) {
      await withSpan(part, {}, () => Promise.resolve(isTraced()));
    }
    for (const phase of ["wait", "upload", "compute", "download"]) addSpan(phase, { start: spanTime(), seconds: 1 });
    return report;
  });
}

/** The fastest of a few rounds, microseconds for a tile. */
async function microseconds(f: () => Promise<unknown>): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    for (let i = 0; i < TILES; i++) await f();
    least = Math.min(least, 1000 * (performance.now() - started) / TILES);
  }
  return least;
}

const report = sampleReport(1);
const task: TileTask = sampleTask(1);
const invoke = () => Promise.resolve(report);
const { tiles } = measuredTasks({ tiles: invoke }, ["tiles"], () => {});
const { signal } = new AbortController();
const bare = await microseconds(invoke);
console.log(`spans    ${(await microseconds(() => spansOfOneTile(report)) - bare).toFixed(2)} us a tile`);
console.log(`metrics  ${(await microseconds(() => tiles(task, signal)) - bare).toFixed(2)} us a tile`);
const started = performance.now();
const text = metricsText();
console.log(`a scrape ${(performance.now() - started).toFixed(2)} ms, ${text.length} bytes`);
console.log(`counted  ${TASKS.ended.samples()[0]?.value} tasks`);
