/**
 * Whole jobs from an image in memory or a file to an estimate, beside deconwolf: the first time, and once again in the same process,
 * or with the plans of transforms that the first run kept.
 */
import process from "node:process";
import { deconvolve } from "@clearstack/clearstack";
import type { Volume } from "kernels/deconvolver.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { runDeconwolf } from "../../quality/deconwolf.ts";

const ITERATIONS = 20;

/** What is deconvolved. */
interface JobScene {
  readonly shape: Vec3;
  readonly seen: Float32Array;
  readonly psf: Volume;
}

/** Prints one line for each of both, cold and warm, and the ratios of the warm ones. */
export async function printEndToEnd(scene: JobScene, program: string): Promise<void> {
  console.log(
    `\nwhole jobs, ${scene.shape.join(" x ")} voxels, edges unknown, heavy ball; seconds that processors were busy`,
  );
  const own = [await runOwn(scene), await runOwn(scene)] as const;
  console.log(
    `Clearstack, ${ITERATIONS} iterations`.padEnd(46) + `cold ${own[0].toFixed(1)}, warm ${own[1].toFixed(1)}`,
  );
  const run = () => runDeconwolf(program, scene, ["--iter", String(ITERATIONS)]);
  const [first, peer] = [await run(), await run()];
  if ("missing" in first || "missing" in peer) {
    return console.log("deconwolf".padEnd(46) + `left out: ${"missing" in first ? first.missing : ""}`);
  }
  const ratio = `${(peer.seconds / own[1]).toFixed(1)} times ours`;
  const name = `deconwolf, ${ITERATIONS} iterations`;
  console.log(name.padEnd(46) + `cold ${first.seconds.toFixed(1)}, warm ${peer.seconds.toFixed(1)}, ${ratio}`);
}

async function runOwn({ shape, seen, psf }: JobScene): Promise<number> {
  const before = process.cpuUsage();
  await deconvolve({ data: seen, shape, axes: "zyx" }, { data: psf.values, shape: psf.shape, axes: "zyx" }, {
    algorithm: { iterations: ITERATIONS, boundary: "non-circulant", acceleration: "shb", start: "flat" },
    backend: "cpu",
    // An environment of its own keeps the job in this process.
    environment: { env: () => undefined },
  });
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
