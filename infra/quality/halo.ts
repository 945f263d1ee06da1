/**
 * Measures how much halo is enough: the error that a tile makes for not seeing the whole image, against the halo in units of the PSF's
 * energy radius. The planner's rule for `--halo auto` rests on this table.
 *
 * usage: deno run -A infra/quality/halo.ts
 */
import { createRandom } from "functions/cli/demo/sample/random.ts";
import { createDeconvolver } from "kernels/backend.ts";
import type { Acceleration, Volume } from "kernels/deconvolver.ts";
import type { Boundary } from "shared/contract/algorithm.ts";
import { fastSide } from "shared/plan/fast_size.ts";
import { formatVec3, mapAxes, sameShape, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { axisMap } from "shared/image/read/axis_map.ts";
import { energyRadius } from "shared/psf/measure/energy_radius.ts";
import { generatePsf, type PsfRequest } from "shared/psf/generate/generate_psf.ts";
import { hollowBars } from "./phantoms.ts";

const HALOS = [1, 1.5, 2, 3, 4];
const COURSES = [["none", 20], ["none", 100], ["shb", 20], ["shb", 100]] as const satisfies [Acceleration, number][];
/** Of the core that is compared, whatever the halo. */
const CORE = 32;
/** Of the whole image; twice that of the image whose mirrored copy it holds where edges are symmetric. */
const SHAPE: Vec3 = [160, 128, 128];

const MICROSCOPE = {
  model: "born-wolf",
  voxelMicrometre: [0.2, 0.1, 0.1],
  objective: { na: 1.2, wavelengthMicrometre: 0.52, immersionIndex: 1.333 },
  shape: [33, 33, 33],
} as const satisfies PsfRequest;

/** A PSF without tails, and one with as much light in every plane. */
const PSFS: Readonly<Record<string, PsfRequest>> = {
  "Gaussian": {
    model: "gaussian",
    voxelMicrometre: [1, 1, 1],
    widthsMicrometre: [7.06, 3.53, 3.53],
    shape: [33, 17, 17],
  },
  "confocal": { ...MICROSCOPE, confocal: { excitationMicrometre: 0.488, pinholeAiry: 1 } },
  "wide-field": MICROSCOPE,
};

/** Part of an image that a tile sees. */
interface Scene {
  readonly image: Float32Array;
  readonly shape: Vec3;
}

/** Copies a box of an image; what lies outside is made up by the boundary rule. */
function readBox({ image, shape }: Scene, box: { start: Vec3; shape: Vec3 }, boundary: Boundary): Float32Array {
  const span = (axis: 0 | 1 | 2) => ({ start: box.start[axis], count: box.shape[axis], length: shape[axis] });
  const [zs, ys, xs] = mapAxes((axis) => axisMap(span(axis), boundary));
  const part = new Float32Array(voxelCount(box.shape));
  let index = 0;
  for (const z of zs) for (const y of ys) for (const x of xs) part[index++] = image[(z * shape[1] + y) * shape[2] + x]!;
  return part;
}

/** Photon counts of bars seen through a symmetric PSF, for which one step from a flat start is the blurred image. */
async function photographBars(psf: Volume): Promise<Scene> {
  const side = Math.max(...SHAPE);
  const cube = {
    image: Float32Array.from(hollowBars(side), (share) => 1000 * share + 2),
    shape: [side, side, side] as Vec3,
  };
  const bars = readBox(cube, { start: mapAxes((axis) => (side - SHAPE[axis]) >> 1), shape: SHAPE }, "periodic");
  const camera = await createDeconvolver("cpu", { box: SHAPE, psf });
  const { estimate } = await camera.run(bars, { iterations: 1, start: "flat" });
  await camera.close();
  const random = createRandom(1);
  return { image: estimate.map((mean) => random.poisson(mean)), shape: SHAPE };
}

/** A quarter of the image and its mirror images: periodic, as symmetric edges make the quarter. */
function mirrored(scene: Scene): Scene {
  const quarter = { start: mapAxes((axis) => SHAPE[axis] >> 2), shape: mapAxes((axis) => SHAPE[axis] >> 1) };
  const image = readBox(scene, quarter, "periodic");
  return {
    image: readBox({ image, shape: quarter.shape }, { start: [0, 0, 0], shape: SHAPE }, "symmetric"),
    shape: SHAPE,
  };
}

async function deconvolve(
  data: Float32Array,
  box: Vec3,
  psf: Volume,
  [acceleration, iterations]: typeof COURSES[number],
) {
  const deconvolver = await createDeconvolver("cpu", { box, psf, acceleration, scale: 1000 });
  const { estimate } = await deconvolver.run(data, { iterations });
  await deconvolver.close();
  return estimate;
}

/** Largest and root mean square difference of two cores as fractions of the second one's maximum, in per cent. */
function coreError(tile: Float32Array, whole: Float32Array): string {
  const peak = whole.reduce((a, b) => Math.max(a, b), 0);
  let [worst, squares] = [0, 0];
  tile.forEach((value, i) => {
    const difference = Math.abs(value - whole[i]!) / peak;
    worst = Math.max(worst, difference);
    squares += difference ** 2;
  });
  return `${(100 * worst).toPrecision(2)} (${(100 * Math.sqrt(squares / tile.length)).toPrecision(2)})`;
}

/** One line of the table: the errors for each halo, for a core that starts at `start`. */
async function errors(scene: Scene, psf: Volume, start: Vec3, course: typeof COURSES[number]): Promise<string[]> {
  const radius = energyRadius(psf);
  const core = { start, shape: [CORE, CORE, CORE] as Vec3 };
  const whole = { image: await deconvolve(scene.image, SHAPE, psf, course), shape: SHAPE };
  const cells: string[] = [];
  for (const multiple of HALOS) {
    const halo = mapAxes((axis) => Math.min(Math.ceil(multiple * radius[axis]), (SHAPE[axis] - CORE) >> 1));
    const box = mapAxes((axis) => fastSide(CORE + 2 * halo[axis], axis));
    if (sameShape(box, SHAPE)) {
      cells.push("whole image");
      continue;
    }
    const margin = mapAxes((axis) => (box[axis] - CORE) >> 1);
    const data = readBox(scene, { start: mapAxes((axis) => start[axis] - margin[axis]), shape: box }, "periodic");
    const tile = { image: await deconvolve(data, box, psf, course), shape: box };
    cells.push(
      coreError(readBox(tile, { start: margin, shape: core.shape }, "periodic"), readBox(whole, core, "periodic")),
    );
  }
  return cells;
}

async function main(): Promise<void> {
  console.log("largest error of a core in % of its maximum (root mean square in brackets), bars with counted photons");
  console.log(["PSF", "radius", "edges", "course", ...HALOS.map((halo) => `${halo} r`)].join(" | "));
  for (const [name, request] of Object.entries(PSFS)) {
    const { shape, values } = generatePsf(request).volume;
    const psf = { shape, values: Float32Array.from(values) };
    const scene = await photographBars(psf);
    const centre = mapAxes((axis) => (SHAPE[axis] - CORE) >> 1);
    for (const course of COURSES) {
      const line = [name, formatVec3(energyRadius(psf))];
      const label = `${course[0]} ${course[1]}`;
      console.log([...line, "inside", label, ...await errors(scene, psf, centre, course)].join(" | "));
      console.log([...line, "corner", label, ...await errors(mirrored(scene), psf, [0, 0, 0], course)].join(" | "));
    }
  }
}

if (import.meta.main) await main();
