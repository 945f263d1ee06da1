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
try {
  await writeBundle(join(folder, "bundle"));
  const inBundle = (name: string) => ({ folder: join(folder, "bundle"), file: `${name}.js` });
  const ways = {
    checkout: (name: string) => timeStart(name, { folder: ROOT, file: `functions/${name}/main.ts` }),
    bundle: (name: string) => timeStart(name, inBundle(name)),
    "bundle, nothing kept": async (name: string) =>
      timeStart(name, { ...inBundle(name), kept: await Deno.makeTempDir({ dir: folder }) }),
  };
  console.log("| function | started from | ms | processor ms | time against the checkout |");
  console.log("| --- | --- | --- | --- | --- |");
  for (const name of FUNCTIONS) {
    const starts: Record<string, { milliseconds: number; processorMilliseconds: number }[]> = {};
    // The first of each fills what Deno keeps, and does not count.
    for (let turn = -1; turn < turns; turn++) {
      for (const [way, time] of Object.entries(ways)) {
        const start = await time(name);
        if (turn >= 0) (starts[way] ??= []).push(start);
      }
    }
    const of = (way: string) => median(starts[way]!.map(({ milliseconds }) => milliseconds));
    for (const [way, each] of Object.entries(starts)) {
      const processor = median(each.map(({ processorMilliseconds }) => processorMilliseconds));
      const ratio = (of(way) / of("checkout")).toFixed(2);
      console.log(`| ${name} | ${way} | ${of(way).toFixed(0)} | ${processor.toFixed(0)} | ${ratio} |`);
    }
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
