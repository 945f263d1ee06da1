/** A part of an image, deconvolved as in the whole. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type ArrayImage, ClearstackError, deconvolve, planJob } from "@clearstack/clearstack";
import { gaussianPsf } from "shared/psf/generate/gaussian_psf.ts";
import { randomVolume } from "../../reference/random_volume.ts";
import { openImage } from "../../stores.ts";

const SHAPE = [12, 40, 48] as const;
const SIZE = [0.3, 0.1, 0.1];
const COUNTS = Uint16Array.from(randomVolume(SHAPE, 1), (u) => 50 + Math.floor(1000 * u ** 8));
const IMAGE: ArrayImage = { data: COUNTS, shape: SHAPE, axes: "zyx", voxelSize: SIZE };
const { shape, values } = gaussianPsf([7, 9, 9], [1.1, 1.3, 1.3]);
const PSF: ArrayImage = { data: Float32Array.from(values), shape, axes: "zyx", voxelSize: SIZE };

type Ranges = Record<"z" | "y" | "x", [number, number]>;

/** The same voxels of a volume. */
function part(data: Float32Array, { z, y, x }: Ranges): Float32Array {
  const found: number[] = [];
  for (let i = z[0]; i < z[1]; i++) {
    for (let j = y[0]; j < y[1]; j++) {
      const from = (i * SHAPE[1] + j) * SHAPE[2];
      found.push(...data.subarray(from + x[0], from + x[1]));
    }
  }
  return Float32Array.from(found);
}

Deno.test("a box that is a tile of the whole comes out with the same bits: its halo holds the real neighbours", async () => {
  const box: Ranges = { z: [0, 12], y: [20, 40], x: [16, 32] };
  const algorithms = [
    ...(["symmetric", "periodic", "nearest", "non-circulant"] as const).map((boundary) => ({
      iterations: 4,
      boundary,
    })),
    { iterations: 6, background: "auto", acceleration: "shb" },
    { iterations: 6, boundary: "constant", boundaryValue: 40 },
  ] as const;
  for (const algorithm of algorithms) {
    const settings = { algorithm, tiling: { tile: [12, 20, 16], halo: [2, 6, 6] }, backend: "cpu" } as const;
    const whole = await deconvolve(IMAGE, PSF, settings);
    const cropped = await deconvolve(IMAGE, PSF, { ...settings, select: { box } });
    assertEquals([cropped.shape, cropped.warnings], [[12, 20, 16], whole.warnings]);
    assertEquals(cropped.data, part(whole.data, box), JSON.stringify(algorithm));
  }
});

Deno.test("any box agrees with the whole within the seam bound, and lies where it was in it", async () => {
  const url = `memory:${crypto.randomUUID()}`;
  const box: Ranges = { z: [3, 9], y: [5, 26], x: [30, 48] };
  const settings = { algorithm: { iterations: 10 }, backend: "cpu" } as const;
  const whole = await deconvolve(IMAGE, PSF, settings);
  const expected = part(whole.data, box);
  const cropped = await deconvolve(IMAGE, PSF, { ...settings, select: { box } });
  const peak = Math.max(...expected);
  // The automatic halo keeps what a box makes up beyond its rim below 0.1 % of the peak.
  const largest = cropped.data.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
  assert(largest < 1e-3 * peak, `${largest / peak} of the peak`);
  await deconvolve(IMAGE, PSF, {
    ...settings,
    select: { box: { y: box.y, x: box.x } },
    output: { url, pyramid: "none" },
  });
  const { info } = await openImage({ url });
  assertEquals([info.shape, info.scale], [[12, 21, 18], SIZE]);
  info.translation!.forEach((at, axis) => assert(Math.abs(at - [0, 0.5, 3][axis]!) < 1e-9, `${info.translation}`));
});

Deno.test("a PSF is cropped to the volume that the box lies in, and one plane of a stack is no image of one plane", async () => {
  const { plan } = await planJob(IMAGE, PSF, { select: { box: { z: [5, 6] } }, backend: "cpu" });
  assertEquals([plan.shape, plan.psf.shape, plan.warnings], [[1, 40, 48], [7, 9, 9], []]);
  assert(plan.halo[0] > 3, `${plan.halo}`);
});

Deno.test("voxels that are not there are refused with those that are, and all of them are no selection", async () => {
  const plan = (box: object) => planJob(IMAGE, PSF, { select: { box }, backend: "cpu" });
  const error = await assertRejects(() => plan({ y: [30, 41] }), ClearstackError);
  assertEquals([error.kind, error.path, error.limit], ["invalid-request", "select.box.y", 40]);
  assert(error.message.includes("from 30 to before 41 along y: the image has 40"), error.message);
  await assertRejects(() => plan({ x: [8, 8] }), ClearstackError);
  const [all, none] = [await plan({ z: [0, 12], x: [0, 48] }), await planJob(IMAGE, PSF, { backend: "cpu" })];
  assertEquals([all.plan.source.selection, all.plan.shape], [undefined, none.plan.shape]);
});
