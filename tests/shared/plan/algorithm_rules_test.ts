import { assert, assertEquals, assertThrows } from "@std/assert";
import { refuseContradictions, saturationLevel } from "shared/plan/algorithm_rules.ts";
import { type Algorithm, AlgorithmSchema } from "shared/contract/algorithm.ts";
import type { Dtype } from "shared/contract/image_info.ts";
import { ClearstackError } from "shared/errors.ts";

type Case = readonly [settings: Partial<Algorithm>, dtype: Dtype, words: string];

const REFUSED: readonly Case[] = [
  [{ saturation: "auto" }, "float32", "float32"],
  [{ saturation: "auto" }, "bool", "bool"],
  [{ stop: "held-out" }, "float32", "--photons-per-unit"],
  [{ dampingSigmas: 3 }, "float64", "--photons-per-unit"],
  [{ stop: "held-out", saturation: "auto" }, "uint16", "saturation off"],
  [{ stop: "held-out", stopTolerance: 0.1 }, "uint16", "--stop divergence"],
  [{ stopTolerance: 0.1 }, "uint16", "--stop divergence"],
  [{ totalVariationSmoothing: 0.01 }, "uint16", "--tv"],
  [{ acceleration: "shb", backProjector: "wiener-butterworth" }, "uint16", "biggs"],
  [{ stop: "divergence", backProjector: "wiener-butterworth" }, "uint16", "held-out"],
  [{ boundary: "non-circulant", backProjector: "wiener-butterworth" }, "uint16", "boundary than non-circulant"],
];

const ACCEPTED: readonly (readonly [Partial<Algorithm>, Dtype])[] = [
  [{}, "float32"],
  [{ saturation: "auto" }, "uint16"],
  [{ saturation: 3.5 }, "float32"],
  [{ stop: "held-out" }, "uint16"],
  [{ stop: "held-out", photonsPerUnit: 2 }, "float32"],
  [{ dampingSigmas: 3, photonsPerUnit: 2 }, "float32"],
  [{ stop: "divergence", stopTolerance: 0.1 }, "float32"],
  [{ totalVariation: 0.002, totalVariationSmoothing: 0.01 }, "float32"],
  [{ acceleration: "biggs", backProjector: "wiener-butterworth" }, "uint16"],
];

const algorithm = (settings: Partial<Algorithm>) => AlgorithmSchema.parse(settings);

for (const [settings, dtype, words] of REFUSED) {
  Deno.test(`${JSON.stringify(settings)} of ${dtype} is refused with what to give instead`, () => {
    const error = assertThrows(() => refuseContradictions(algorithm(settings), dtype), ClearstackError);
    assertEquals(error.kind, "invalid-request");
    assert(error.message.includes(words) && !error.message.includes("\n"), error.message);
  });
}

for (const [settings, dtype] of ACCEPTED) {
  Deno.test(`${JSON.stringify(settings)} of ${dtype} is accepted`, () => {
    refuseContradictions(algorithm(settings), dtype);
  });
}

Deno.test("automatic saturation is the most an integer can hold", () => {
  const dtypes = ["uint8", "int16", "uint16", "uint32", "int64"] as const;
  const levels = dtypes.map((dtype) => saturationLevel(algorithm({ saturation: "auto" }), dtype));
  assertEquals(levels, [255, 32767, 65535, 4294967295, 2 ** 63]);
  assertEquals(saturationLevel(algorithm({}), "uint8"), undefined);
});
