/**
 * Asks for plans of 20,000 hostile images, PSFs and URLs (or as many as the first argument says; the second is the seed) and prints
 * what came of it. Ends with status 1 where one was answered by 500, or took more than 2 s, 256 MiB, or a second in which nobody
 * was told of the service's health. Run by `deno task fuzz:documents`.
 */
import { fuzzDocuments } from "./fuzz_documents.ts";

const inputs = Number(Deno.args[0] ?? 20_000);
const seed = Number(Deno.args[1] ?? Date.now() % 2 ** 31);
const started = performance.now();
const limits = { answerMs: 2000, silenceMs: 1000, bytes: 2 ** 28 };
const { answers, worst, faults } = await fuzzDocuments({ inputs, seed, limits });
console.log(`inputs            ${inputs}, seed ${seed}, ${((performance.now() - started) / 1000).toFixed(0)} s`);
for (const [name, count] of [...answers].toSorted()) console.log(`${name.padEnd(17)} ${count}`);
console.log(`slowest answer    ${worst.answerMs.toFixed(0)} ms`);
console.log(`longest silence   ${worst.silenceMs.toFixed(0)} ms`);
console.log(`most memory       ${(worst.bytes / 2 ** 20).toFixed(1)} MiB`);
for (const fault of faults.slice(0, 20)) console.log(`FAULT ${fault}`);
console.log(`faults            ${faults.length}`);
Deno.exit(faults.length === 0 ? 0 : 1);
