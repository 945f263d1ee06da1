/**
 * `deno task quality:defaults`: settings against known objects whose structure crosses the faces of the image, beside deconwolf's
 * defaults. The defaults of a request rest on this table.
 *
 * usage: deno run -A infra/quality/defaults.ts [--shape 32,96,96] [--deconwolf PATH] [--worlds bars,beads]
 */
import process from "node:process";
import { createDeconvolver } from "kernels/backend.ts";
import type { Acceleration, Volume } from "kernels/deconvolver.ts";
import { createRandom } from "functions/cli/demo/sample/random.ts";
import { AlgorithmSchema, type Boundary, type Start } from "shared/contract/algorithm.ts";
import { axisMaps } from "shared/image/read/axis_map.ts";
import { observedInBox } from "shared/image/read/read_box.ts";
import { plannedIterations } from "shared/plan/iteration_bounds.ts";
import { boxAround, repeatedStretch } from "shared/plan/axis_place.ts";
import { generatePsf, type PsfRequest } from "shared/psf/generate/generate_psf.ts";
import { energyRadius } from "shared/psf/measure/energy_radius.ts";
import { iterationsByNoise } from "shared/decide/noise_rule.ts";
import { noiseLimit } from "shared/decide/noise_limit.ts";
import { readNoiseBoxes } from "shared/decide/noise_boxes.ts";
import { openImage } from "shared/image/open_image.ts";
import { sampleVoxels } from "shared/image/read/sample_voxels.ts";
import { openStore } from "shared/storage/open_store.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { writeVolume } from "functions/cli/demo/sample/write_volume.ts";
import { copyBox } from "shared/volume/copy_box.ts";
import { type Box, mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { readFlags } from "../read_flags.ts";
import { brightestCrop, croppedFrom, WORLDS } from "./cropped_phantoms.ts";
import { runDeconwolf } from "./deconwolf.ts";
import { psnr, ssim } from "./metrics.ts";
import { type Outcome, type Outcomes, summary } from "./summary.ts";

interface Settings {
  readonly boundary: Boundary;
  readonly acceleration: Acceleration;
  /** A number, or as many as the noise of the scene bears. */
  readonly iterations: number | "by noise";
  readonly start: Start;
}

const SETTINGS: readonly Settings[] = [
  { boundary: "symmetric", acceleration: "none", iterations: 20, start: "data" },
  { boundary: "symmetric", acceleration: "shb", iterations: 20, start: "flat" },
  { boundary: "non-circulant", acceleration: "none", iterations: 20, start: "data" },
  { boundary: "non-circulant", acceleration: "none", iterations: 20, start: "flat" },
  { boundary: "non-circulant", acceleration: "shb", iterations: 20, start: "data" },
  { boundary: "non-circulant", acceleration: "shb", iterations: 20, start: "flat" },
  { boundary: "non-circulant", acceleration: "shb", iterations: "by noise", start: "flat" },
];

const MICROSCOPE = {
  model: "born-wolf",
  voxelMicrometre: [0.2, 0.1, 0.1],
  objective: { na: 1.2, wavelengthMicrometre: 0.52, immersionIndex: 1.333 },
  shape: [21, 31, 31],
} as const satisfies PsfRequest;

const PSFS: Readonly<Record<string, PsfRequest>> = {
  "wide-field": MICROSCOPE,
  "confocal": { ...MICROSCOPE, confocal: { excitationMicrometre: 0.488, pinholeAiry: 1 } },
};

const NO_NOISE = "no noise";
/** Photons of the brightest voxels before they are blurred; undefined without noise. */
const LIGHTS: Readonly<Record<string, number | undefined>> = { [NO_NOISE]: undefined, "1000": 1000, "100": 100 };
const GLOW = 2;
const DEFAULTS = AlgorithmSchema.parse({});
/** Those of a job of one tile. */
const BOUNDS = { noisy: plannedIterations(DEFAULTS), most: DEFAULTS.iterations };
const SCENE = "memory:quality-of-defaults";
/** Of the world that light comes from; it repeats. */
const SIDE = 128;
/** Voxels from a face that count as its edge. */
const EDGE = 4;

interface Scene {
  readonly shape: Vec3;
  readonly truth: Float64Array;
  readonly seen: Float32Array;
  readonly psf: Volume;
}

/** One step from a flat start is the image of what is given, since the PSF is symmetric. */
async function blurred(world: Float64Array, psf: Volume): Promise<Float32Array> {
  const camera = await createDeconvolver("cpu", { box: [SIDE, SIDE, SIDE], psf });
  const { estimate } = await camera.run(Float32Array.from(world), { iterations: 1, start: "flat" });
  await camera.close();
  return estimate;
}

/** The box that the planner would take for an image of one tile. */
function boxOf({ shape, psf }: Scene, boundary: Boundary): Box {
  const reach = energyRadius(psf);
  const spans = mapAxes((axis) => {
    const [extent, halo] = [shape[axis], 4 * reach[axis]];
    const side = { extent, first: 0, whole: extent, halo, reach: reach[axis], psf: psf.shape[axis], axis, boundary };
    return boxAround({ ...side, repeated: repeatedStretch(side) }, { start: 0, length: extent });
  });
  return { start: mapAxes((axis) => spans[axis].start), shape: mapAxes((axis) => spans[axis].length) };
}

function readScene({ shape, seen }: Scene, box: Box, boundary: Boundary): Float32Array {
  const [zs, ys, xs] = axisMaps({ box, whole: shape, repeated: box }, boundary);
  const data = new Float32Array(voxelCount(box.shape));
  let at = 0;
  for (const z of zs) {
    for (const y of ys) {
      for (const x of xs) data[at++] = Math.min(z, y, x) < 0 ? 0 : seen[(z * shape[1] + y) * shape[2] + x]!;
    }
  }
  return data;
}

/** What a job would decide, from the same sample of the scene. */
async function iterationsOf({ shape, seen, psf }: Scene): Promise<number> {
  const store = openStore(SCENE, { environment: NO_ENVIRONMENT });
  await writeVolume(store, { name: "scene", shape, voxelMicrometre: MICROSCOPE.voxelMicrometre, values: seen });
  const image = await openImage({ url: SCENE }, { environment: NO_ENVIRONMENT });
  const { bright } = await sampleVoxels(image, { seed: 0 });
  const { shape: boxShape, boxes } = await readNoiseBoxes(image, bright);
  return iterationsByNoise(noiseLimit(boxes, boxShape, psf), BOUNDS).iterations;
}

async function runOurs(
  scene: Scene,
  { boundary, acceleration, iterations: asked, start }: Settings,
): Promise<Outcome & { readonly iterations: number }> {
  const box = boxOf(scene, boundary);
  const data = readScene(scene, box, boundary);
  const unknown = boundary === "non-circulant";
  const scale = scene.seen.reduce((most, value) => Math.max(most, value), 0);
  const before = process.cpuUsage();
  const iterations = asked === "by noise" ? await iterationsOf(scene) : asked;
  const made = { box: box.shape, psf: scene.psf, acceleration, nonCirculant: unknown, scale };
  const deconvolver = await createDeconvolver("cpu", made);
  const { estimate } = await deconvolver.run(data, {
    iterations,
    start,
    ...(unknown ? { observed: observedInBox(scene.shape, box) } : {}),
  });
  const { user, system } = process.cpuUsage(before);
  await deconvolver.close();
  const core = new Float32Array(voxelCount(scene.shape));
  copyBox({ box, values: estimate }, { box: { start: [0, 0, 0], shape: scene.shape }, values: core });
  return { ...judged(core, scene), iterations, seconds: (user + system) / 1e6 };
}

function judged(estimate: Float32Array, { truth, shape }: Scene): Omit<Outcome, "seconds"> {
  const isEdge = (index: number) => {
    const at = [Math.floor(index / (shape[1] * shape[2])), Math.floor(index / shape[2]) % shape[1], index % shape[2]];
    return at.some((place, axis) => Math.min(place, shape[axis]! - 1 - place) < EDGE);
  };
  // Inside the truth is kept, so that what is left is the edge's error; its share of the voxels makes up for the rest.
  const atEdge = Float64Array.from(estimate, (value, index) => isEdge(index) ? value : truth[index]!);
  const share = Array.from(truth, (_, index) => isEdge(index)).filter(Boolean).length / truth.length;
  return {
    psnr: psnr(estimate, truth),
    ssim: ssim(estimate, truth, shape),
    edge: psnr(atEdge, truth) + 10 * Math.log10(share),
  };
}

const nameOf = ({ boundary, acceleration, iterations, start }: Settings) =>
  `${acceleration} ${iterations}, ${boundary}, ${start}`;

async function main(): Promise<void> {
  const options = readFlags({ shape: "32,96,96", deconwolf: "dw", worlds: Object.keys(WORLDS).join() });
  const [depth, height, width] = options.shape.split(",").map(Number);
  const shape: Vec3 = [depth!, height!, width!];
  const outcomes: Outcomes = new Map();
  console.log(`| scene | method | PSNR | SSIM | edge PSNR | processor seconds |\n|---|---|---|---|---|---|`);
  const add = (line: string, name: string, outcome: Outcome | string) => {
    if (typeof outcome === "string") return console.log(`| ${line} | ${name} | left out: ${outcome} |`);
    outcomes.set(name, (outcomes.get(name) ?? new Map()).set(line, outcome));
    const { psnr, ssim, edge, seconds } = outcome;
    console.log(
      `| ${line} | ${name} | ${psnr.toFixed(2)} | ${ssim.toFixed(3)} | ${edge.toFixed(2)} | ${seconds.toFixed(2)} |`,
    );
  };
  for (const world of options.worlds.split(",")) {
    const object = WORLDS[world]!(SIDE);
    const crop = brightestCrop(object, SIDE, shape);
    for (const [microscope, request] of Object.entries(PSFS)) {
      const generated = generatePsf(request).volume;
      const psf = { shape: generated.shape, values: Float32Array.from(generated.values) };
      for (const [light, photons] of Object.entries(LIGHTS)) {
        const lit = object.map((share) => (photons ?? 1000) * share + GLOW);
        const random = createRandom(1);
        const mean = croppedFrom(await blurred(lit, psf), SIDE, crop);
        const seen = Float32Array.from(mean, (value) => photons === undefined ? value : random.poisson(value));
        const scene = { shape, psf, seen, truth: croppedFrom(lit, SIDE, crop) };
        const line = `${world}, ${microscope}, ${light}`;
        // Kernels are compiled while they run, and transforms planned; the first run of a process is not timed.
        if (outcomes.size === 0) {
          for (const settings of SETTINGS) await runOurs(scene, { ...settings, iterations: 2 });
          await runDeconwolf(options.deconwolf, scene);
        }
        for (const settings of SETTINGS) {
          const outcome = await runOurs(scene, settings);
          add(line, nameOf(settings), outcome);
          if (settings.iterations === "by noise") console.log(`| ${line} | chosen by noise | ${outcome.iterations} |`);
        }
        const peer = await runDeconwolf(options.deconwolf, scene);
        add(line, "deconwolf", "missing" in peer ? peer.missing : { ...judged(peer.estimate, scene), ...peer });
      }
    }
  }
  console.log(summary("photons were counted", outcomes, (line) => !line.endsWith(NO_NOISE)));
  console.log(summary("there is no noise", outcomes, (line) => line.endsWith(NO_NOISE)));
}

if (import.meta.main) await main();
