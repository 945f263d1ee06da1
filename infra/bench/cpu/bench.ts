/**
 * Richardson-Lucy on the CPU against what others run, in one go: `deno task bench [--size 256] [--iterations 5] [--repeats 3]
 * [--job 64,192,192] [--deconwolf PATH]`: the kernels, then whole jobs.
 *
 * Peers need Debian's python3-numpy, python3-scipy and python3-skimage; without a Python they are left out.
 */
import { createCpuDeconvolver } from "kernels/cpu/deconvolver.ts";
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { positionAt } from "shared/volume/position.ts";
import { aboutCentre } from "shared/psf/psf_volume.ts";
import { readFlags } from "../../read_flags.ts";
import { printEndToEnd } from "./end_to_end.ts";

interface BenchOptions {
  readonly box: Vec3;
  /** Iterations that are timed, besides one that is not. */
  readonly iterations: number;
  readonly repeats: number;
}

/** Milliseconds per iteration of each repeat, or why there are none. */
type Timing = { readonly milliseconds: number[] } | { readonly missing: string };

const PSF_SHAPE: Vec3 = [17, 17, 17];

/** Reproducible photon-like counts; speed does not depend on them. */
function testData(count: number): Float32Array<ArrayBuffer> {
  let state = 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return 10 + (state >>> 22);
  });
}

function gaussianPsf(): Float32Array<ArrayBuffer> {
  const [side, middle] = [PSF_SHAPE[0], (PSF_SHAPE[0] - 1) / 2];
  const bell = Float32Array.from({ length: side }, (_, i) => Math.exp(-((i - middle) ** 2) / 8));
  const at = (i: number) => positionAt(i, PSF_SHAPE).reduce((product, side) => product * bell[side], 1);
  return Float32Array.from({ length: voxelCount(PSF_SHAPE) }, (_, i) => at(i));
}

async function timeClearstack(
  data: Float32Array,
  { box, iterations, repeats }: BenchOptions,
): Promise<[string, Timing]> {
  const deconvolver = await createCpuDeconvolver({ box, psf: { shape: PSF_SHAPE, values: gaussianPsf() } });
  const seconds = async (count: number) => (await deconvolver.run(data, { iterations: count })).kernelSeconds;
  // The engine compiles the kernels with full optimisation during the first iterations.
  await seconds(3);
  const milliseconds: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const once = await seconds(1);
    milliseconds.push(1000 * (await seconds(1 + iterations) - once) / iterations);
  }
  await deconvolver.close();
  return [`Clearstack (${deconvolver.adapter})`, { milliseconds }];
}

async function timePeers(data: Float32Array, options: BenchOptions, python: string): Promise<Record<string, Timing>> {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-bench-" });
  try {
    await Deno.writeFile(`${folder}/data.f32`, new Uint8Array(data.buffer as ArrayBuffer));
    await Deno.writeFile(`${folder}/psf.f32`, new Uint8Array(embed(gaussianPsf(), options.box).buffer));
    const numbers = [...options.box, options.iterations, options.repeats].map(String);
    const script = new URL("./peers.py", import.meta.url).pathname;
    const command = new Deno.Command(python, { args: [script, folder, ...numbers], stderr: "inherit" });
    const { success, stdout } = await command.output();
    return success ? JSON.parse(new TextDecoder().decode(stdout)) : { peers: { missing: "the Python script failed" } };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { peers: { missing: `there is no ${python}` } };
    throw error;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The PSF in the middle of a box of zeros: its centre at `floor(side / 2)`. */
function embed(psf: Float32Array, box: Vec3): Float32Array<ArrayBuffer> {
  return Float32Array.from(aboutCentre({ shape: PSF_SHAPE, values: Float64Array.from(psf) }, box).values);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

function printTable(timings: readonly (readonly [string, Timing])[], voxels: number): void {
  const [, own] = timings[0];
  const fastest = "milliseconds" in own ? median(own.milliseconds) : NaN;
  console.log(
    `${"".padEnd(46)}${"ms/iteration".padStart(13)}${"best".padStart(9)}${"Gvoxel/s".padStart(10)}` +
      `${"times ours".padStart(12)}`,
  );
  for (const [name, timing] of timings) {
    if ("missing" in timing) {
      console.log(`${name.padEnd(46)}  left out: ${timing.missing}`);
      continue;
    }
    const typical = median(timing.milliseconds);
    const columns = [
      typical.toFixed(0).padStart(13),
      Math.min(...timing.milliseconds).toFixed(0).padStart(9),
      (voxels / typical / 1e6).toFixed(4).padStart(10),
      (typical / fastest).toFixed(2).padStart(12),
    ];
    console.log(name.padEnd(46) + columns.join(""));
  }
}

if (import.meta.main) {
  const flags = readFlags({
    size: "256",
    iterations: "5",
    repeats: "3",
    python: "/usr/bin/python3",
    job: "64,192,192",
    deconwolf: "dw",
  });
  const sides = flags.size.split(",").map(Number);
  const box: Vec3 = sides.length === 3 ? [sides[0], sides[1], sides[2]] : [sides[0], sides[0], sides[0]];
  const options = { box, iterations: Number(flags.iterations), repeats: Number(flags.repeats) };
  const data = testData(voxelCount(box));
  console.log(`Richardson-Lucy, ${box.join(" x ")} voxels, median of ${options.repeats} repeats`);
  const own = await timeClearstack(data, options);
  printTable([own, ...Object.entries(await timePeers(data, options, flags.python))], voxelCount(box));
  const [depth, height, width] = flags.job.split(",").map(Number);
  const shape: Vec3 = [depth, height, width];
  const scene = { shape, seen: testData(voxelCount(shape)), psf: { shape: PSF_SHAPE, values: gaussianPsf() } };
  await printEndToEnd(scene, flags.deconwolf);
}
