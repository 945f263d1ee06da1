/**
 * `deno task quality`: restores known objects by every method and writes docs/quality.md and docs/quality.svg.
 *
 * usage: deno task quality [--side 64] [--out docs]
 */
import { writePage } from "../write_page.ts";
import { readFlags } from "../read_flags.ts";
import { METHODS } from "./methods.ts";
import { followPath, type Path } from "./paths.ts";
import { qualityPage, qualityPlot } from "./report.ts";
import { scenes } from "./scene.ts";

async function main(): Promise<void> {
  const options = readFlags({ side: "64", out: "docs" });
  const side = Number(options.side);
  const paths: Path[] = [];
  for (const scene of scenes(side)) {
    for (const method of METHODS) {
      paths.push(await followPath(scene, method));
      console.error(`${scene.name}, ${scene.light}: ${method.name}`);
    }
  }
  await writePage(`${options.out}/quality.md`, qualityPage(paths, side));
  await Deno.writeTextFile(`${options.out}/quality.svg`, qualityPlot(paths));
}

if (import.meta.main) await main();
