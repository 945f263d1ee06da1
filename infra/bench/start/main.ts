/**
 * `deno task bench:start [--turns N]`: how long each function takes from the start of its process to its first answer, from the
 * checkout, from the bundle, and from the bundle on a machine that Deno has kept nothing on, by turns.
 */
import { fromFileUrl, join } from "@std/path";
import { writeBundle } from "../../bundle/write_bundle.ts";
import { FUNCTIONS } from "../../deno_config.ts";
import { readFlags } from "../../read_flags.ts";
import { timeStart } from "./time_start.ts";

const ROOT = fromFileUrl(new URL("../../../", import.meta.url));

const flags = readFlags({ turns: "7" });
const turns = Number(flags.turns);
if (!Number.isInteger(turns) || turns < 1) {
  console.error(`--turns is "${flags.turns}"; give a whole number from 1`);
  Deno.exit(2);
}

const folder = await Deno.makeTempDir({ prefix: "clearstack-start-" });
const bundle = join(folder, "bundle");

/** Each way of starting a function, to compare with the first. */
const WAYS = {
  checkout: (name: string) => timeStart(name, { folder: ROOT, file: `functions/${name}/main.ts` }),
  bundle: (name: string) => timeStart(name, { folder: bundle, file: `${name}.js` }),
  "bundle, nothing kept": async (name: string) =>
    timeStart(name, { folder: bundle, file: `${name}.js`, kept: await Deno.makeTempDir({ dir: folder }) }),
  // What Deno itself takes.
  "an empty server": (name: string) => timeStart(name, { folder: bundle, file: "empty.js" }),
};

try {
  await writeBundle(bundle);
  await Deno.writeTextFile(join(bundle, "empty.js"), 'Deno.serve({ port: 0 }, () => new Response("ok"));\n');
  console.log("| function | started from | ms | processor ms | time against the checkout |");
  console.log("| --- | --- | --- | --- | --- |");
  for (const name of FUNCTIONS) await report(name);
} finally {
  await Deno.remove(folder, { recursive: true });
}

async function report(name: string): Promise<void> {
  const starts = Object.keys(WAYS).map((way) => ({ way, milliseconds: [] as number[], processor: [] as number[] }));
  // The first of each fills what Deno keeps, and does not count.
  for (let turn = -1; turn < turns; turn++) {
    for (const [index, time] of Object.values(WAYS).entries()) {
      const { milliseconds, processorMilliseconds } = await time(name);
      if (turn < 0) continue;
      starts[index]!.milliseconds.push(milliseconds);
      starts[index]!.processor.push(processorMilliseconds);
    }
  }
  for (const { way, milliseconds, processor } of starts) {
    const ratio = median(milliseconds) / median(starts[0]!.milliseconds);
    const numbers = [median(milliseconds).toFixed(0), median(processor).toFixed(0), ratio.toFixed(2)];
    console.log(`| ${[name, way, ...numbers].join(" | ")} |`);
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
