/**
 * Fires 10,000 random requests (or as many as the first argument says) at the endpoints of every function and prints what came of
 * it. Ends with status 1 where anything was answered by 500, hung, or was malformed. Run by `deno task fuzz`, which exposes `gc`.
 */
import { fuzz } from "./fuzz.ts";

const requests = Number(Deno.args[0] ?? 10_000);
const seed = Number(Deno.args[1] ?? Date.now() % 2 ** 31);
const started = performance.now();
const { statuses, faults, slowestMs, heaps } = await fuzz({ requests, seed });
const mebibytes = heaps.map((bytes) => (bytes / 2 ** 20).toFixed(1));
const counts = [...statuses].toSorted(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
console.log(
  `requests         ${requests}, seed ${seed}, ${((performance.now() - started) / 1000).toFixed(0)} s`,
);
console.log(`answers          ${counts.join(", ")}`);
console.log(`slowest answer   ${slowestMs.toFixed(0)} ms`);
console.log(`memory in tenths ${mebibytes.join(", ")} MiB`);
for (const fault of faults.slice(0, 20)) console.log(`FAULT ${fault}`);
console.log(`faults           ${faults.length}`);
Deno.exit(faults.length === 0 ? 0 : 1);
