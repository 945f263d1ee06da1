import { assertEquals, assertStringIncludes } from "@std/assert";
import { overlapWarnings } from "shared/plan/overlap_warnings.ts";
import { imageInfo } from "../../fixtures/image_info.ts";

const SOURCE = imageInfo("zyx", [32, 64, 64]);
const CROPPED = { ...SOURCE, selection: { box: { start: [0, 0, 0] as const, whole: [96, 256, 256] as const } } };

/** A crop whose PSF reaches far around it: 126 x 375 x 378 voxels are computed. */
const SMALL = {
  source: CROPPED,
  inflation: 126 * 375 * 378 / (32 * 64 * 64),
  voxels: 32 * 64 * 64,
  tile: [32, 64, 64],
  grid: [1, 1, 1],
  psf: { shape: [39, 129, 129], sha256: "", radius: [10, 20, 20] },
} as const;

Deno.test("a plan that computes far more than it keeps names both figures, and what takes less", () => {
  const [warning] = overlapWarnings(SMALL);
  assertEquals([warning?.code, warning?.level, warning?.limit], ["overlap", "warning", 8]);
  assertStringIncludes(warning!.message, "17,860,500 voxels are computed and 131,072 of them kept, 136 for each");
  assertStringIncludes(warning!.message, "--crop");
});

Deno.test("a crop is not to be larger where there is none, and tiles are where there are several", () => {
  const whole = overlapWarnings({ ...SMALL, source: SOURCE })[0]!.message;
  assertEquals([whole.includes("--crop"), whole.includes("--tile")], [false, false]);
  const tiles = overlapWarnings({ ...SMALL, grid: [1, 2, 2] })[0]!.message;
  assertEquals([tiles.includes("--crop"), tiles.includes("--tile")], [false, true]);
});

Deno.test("what is usual, or done in a moment, is not warned of", () => {
  assertEquals(overlapWarnings({ ...SMALL, inflation: 8 }), []);
  // 131,072 voxels, of which each takes 30 more: fewer than 2^22 beside those that are kept.
  assertEquals(overlapWarnings({ ...SMALL, inflation: 31 }), []);
});
