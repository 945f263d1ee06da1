import { assertEquals } from "@std/assert";
import { noiseLimit } from "shared/decide/noise_limit.ts";
import { readNoiseBoxes } from "shared/decide/noise_boxes.ts";
import { writeZarr } from "../../functions/sample_image.ts";
import { openImage } from "../../stores.ts";

Deno.test("a box that holds what is no number is left out, as noise cannot be told from it", async () => {
  const values = Float32Array.from({ length: 2 * 256 * 1024 }, (_, index) => index % 7);
  values[300] = NaN;
  await writeZarr("memory:noise-boxes", { shape: [2, 256, 1024], chunk: [2, 64, 64], values });
  const image = await openImage({ url: "memory:noise-boxes" });
  const bright = [400, 900].map((x) => ({ outer: [], at: [0, 100, x] as const }));
  // Boxes are 2 x 256 x 256: the first begins at x = 272, the second at the last place, 768.
  const { boxes, shape } = await readNoiseBoxes(image, bright);
  assertEquals([shape, boxes.length, boxes[0]![0]], [[2, 256, 256], 1, 768 % 7]);
  const none = await readNoiseBoxes(image, bright.slice(0, 1));
  assertEquals(none.boxes, []);
  const psf = { shape: [1, 1, 1] as const, values: [1] };
  assertEquals(noiseLimit(none.boxes, none.shape, psf), { signalToNoise: 0, weakening: undefined });
});
