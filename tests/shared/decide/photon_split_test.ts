import { assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { type PhotonSplitOptions, splitPhotons } from "shared/decide/photon_split.ts";
import { threefry2x32 } from "shared/decide/threefry.ts";

const range = (start: number, count: number) => Int32Array.from({ length: count }, (_, i) => start + i);
const SHAPE: Vec3 = [10, 20, 30];
const WHOLE: PhotonSplitOptions = {
  seed: 7,
  heldOutFraction: 0.1,
  imageShape: SHAPE,
  volume: 0,
  coordinates: [range(0, 10), range(0, 20), range(0, 30)],
};
const mean = (values: Float32Array) => values.reduce((a, b) => a + b, 0) / values.length;
const variance = (values: Float32Array) => mean(values.map((v) => v * v)) - mean(values) ** 2;

Deno.test("Threefry gives the bits that its authors publish", () => {
  const output = new Uint32Array(2);
  threefry2x32([0, 0], [0, 0], output);
  assertEquals([...output], [0x6b200159, 0x99ba4efe]);
  threefry2x32([0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], output);
  assertEquals([...output], [0x1cb996fc, 0xbb002be7]);
  threefry2x32([0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3], output);
  assertEquals([...output], [0xc4923a9c, 0x483df7a0]);
});

Deno.test("the photons of a voxel are split the same way in whatever box they are read", () => {
  const values = Float32Array.from({ length: 6000 }, (_, i) => i % 900);
  const whole = splitPhotons(values, WHOLE);
  const [z0, y0, x0] = [3, 5, 11];
  const box: Vec3 = [4, 6, 7];
  const part = Float32Array.from({ length: 4 * 6 * 7 }, (_, i) => {
    const [z, y, x] = [Math.floor(i / 42), Math.floor(i / 7) % 6, i % 7];
    return values[((z + z0) * 20 + y + y0) * 30 + x + x0]!;
  });
  const coordinates = [range(z0, box[0]), range(y0, box[1]), range(x0, box[2])] as const;
  splitPhotons(part, { ...WHOLE, coordinates }).heldOut.forEach((held, i) => {
    const [z, y, x] = [Math.floor(i / 42), Math.floor(i / 7) % 6, i % 7];
    assertEquals(held, whole.heldOut[((z + z0) * 20 + y + y0) * 30 + x + x0]);
  });
});

Deno.test("a mirrored voxel is split like the voxel it mirrors, a constant outside in proportion", () => {
  const coordinates = [range(0, 1), range(0, 1), Int32Array.of(1, 0, 0, 1, -1)] as const;
  const { heldOut } = splitPhotons(Float32Array.of(90, 70, 70, 90, 50), { ...WHOLE, coordinates });
  assertEquals([heldOut[0], heldOut[1]], [heldOut[3], heldOut[2]]);
  assertEquals(heldOut[4], 5);
});

Deno.test("kept and held-out photons add up, are whole and depend on seed and volume", () => {
  const values = Float32Array.from({ length: 6000 }, (_, i) => i % 900);
  const { kept, heldOut } = splitPhotons(values, WHOLE);
  assertEquals(kept.map((k, i) => k + heldOut[i]!), values);
  assertEquals(heldOut.every((held, i) => Number.isInteger(held) && held >= 0 && held <= values[i]!), true);
  const different = (options: Partial<PhotonSplitOptions>) =>
    splitPhotons(values, { ...WHOLE, ...options }).heldOut.some((held, i) => held !== heldOut[i]);
  assertEquals([different({ seed: 8 }), different({ volume: 1 })], [true, true]);
});

for (const [photons, fraction] of [[1, 0.1], [20, 0.3], [20, 0.8], [300, 0.1], [3000, 0.1], [60000, 0.5]] as const) {
  Deno.test(`of ${photons} photons a binomial number is held out with probability ${fraction}`, () => {
    const { heldOut } = splitPhotons(new Float32Array(6000).fill(photons), { ...WHOLE, heldOutFraction: fraction });
    const expected = photons * fraction;
    const spread = expected * (1 - fraction);
    // Standard errors of a mean and of a variance over 6000 voxels (kurtosis at most 3 + 1 / spread); five of each.
    assertAlmostEquals(mean(heldOut), expected, 5 * Math.sqrt(spread / 6000));
    assertAlmostEquals(
      variance(heldOut),
      spread + 1 / 12 * Number(expected > 32),
      5 * spread * Math.sqrt((2 + 1 / spread) / 6000),
    );
  });
}

Deno.test("small counts follow the binomial probabilities", () => {
  const { heldOut } = splitPhotons(new Float32Array(6000).fill(3), { ...WHOLE, heldOutFraction: 0.25 });
  const probabilities = [27 / 64, 27 / 64, 9 / 64, 1 / 64];
  const chiSquared = probabilities.reduce((sum, p, k) => {
    const seen = heldOut.filter((held) => held === k).length;
    return sum + (seen - 6000 * p) ** 2 / (6000 * p);
  }, 0);
  // 99.9 % quantile of chi squared with 3 degrees of freedom; the seed is fixed, so this passes always or never.
  assertLess(chiSquared, 16.27);
});

Deno.test("kept and held-out parts of Poisson counts do not correlate", () => {
  // Poisson counts made from draws of the split itself: of 60000 photons each is held out with probability 1 / 1000.
  const poisson =
    splitPhotons(new Float32Array(6000).fill(60000), { ...WHOLE, heldOutFraction: 0.001, seed: 1 }).heldOut;
  const { kept, heldOut } = splitPhotons(poisson, { ...WHOLE, heldOutFraction: 0.5 });
  const covariance = mean(kept.map((k, i) => k * heldOut[i]!)) - mean(kept) * mean(heldOut);
  // The product of two independent variables of variance 30 has a standard error of 30 / sqrt(6000); five of those.
  assertAlmostEquals(covariance, 0, 5 * 30 / Math.sqrt(6000));
});

Deno.test("intensities are counted in photons, and what is no whole photon is kept", () => {
  const coordinates = [range(0, 1), range(0, 1), range(0, 4)] as const;
  const options = { ...WHOLE, heldOutFraction: 0.5, unitsPerPhoton: 2.5, coordinates };
  const { kept, heldOut } = splitPhotons(Float32Array.of(250, 2.4, -3, 0), options);
  assertEquals(heldOut[0]! % 2.5, 0);
  assertEquals([...heldOut.slice(1)], [0, 0, 0]);
  assertEquals([...kept.slice(1)], [Math.fround(2.4), -3, 0]);
});

Deno.test("a fraction, seed or unit that cannot be is refused", () => {
  const values = new Float32Array(6000);
  for (
    const wrong of [{ heldOutFraction: 0 }, { heldOutFraction: 1 }, { seed: -1 }, { seed: 0.5 }, { unitsPerPhoton: 0 }]
  ) {
    assertThrows(() => splitPhotons(values, { ...WHOLE, ...wrong }), ClearstackError);
  }
});
