import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Algorithm, AlgorithmSchema, AlgorithmSettings } from "shared/contract/algorithm.ts";
import { refuseContradictions } from "shared/plan/algorithm_rules.ts";

type Named = Partial<Pick<Algorithm, "backProjector" | "boundary" | "acceleration" | "start">>;

const chosen = (named: Named) => {
  const { boundary, acceleration, start } = AlgorithmSchema.parse(named);
  return `${boundary} ${acceleration} ${start}`;
};

for (
  const [named, expected] of [
    [{}, "non-circulant shb flat"],
    [{ backProjector: "matched" }, "non-circulant shb flat"],
    [{ boundary: "non-circulant" }, "non-circulant shb flat"],
    [{ acceleration: "biggs" }, "non-circulant biggs flat"],
    // Plain iterations begin with the image.
    [{ acceleration: "none" }, "non-circulant none data"],
    [{ start: "data" }, "non-circulant shb data"],
    // Who names another boundary follows others, who iterate without momentum.
    [{ boundary: "symmetric" }, "symmetric none data"],
    [{ boundary: "periodic" }, "periodic none data"],
    [{ boundary: "periodic", start: "flat" }, "periodic none flat"],
    [{ boundary: "periodic", acceleration: "shb" }, "periodic shb data"],
    // It observes the whole box, and momentum makes it diverge.
    [{ backProjector: "wiener-butterworth" }, "symmetric none data"],
    [{ backProjector: "wiener-butterworth", acceleration: "biggs" }, "symmetric biggs data"],
  ] as readonly (readonly [Named, string])[]
) {
  Deno.test(`a request that names ${JSON.stringify(named)} runs ${expected}`, () => {
    assertEquals(chosen(named), expected);
  });
}

const { backProjector, boundary, acceleration, start } = AlgorithmSettings.shape;
const someNamed: fc.Arbitrary<Named> = fc.record({
  backProjector: fc.constantFrom(...backProjector.unwrap().options),
  boundary: fc.constantFrom(...boundary.unwrap().options),
  acceleration: fc.constantFrom(...acceleration.unwrap().options),
  start: fc.constantFrom(...start.unwrap().options),
}, { requiredKeys: [] });

Deno.test("what is named is obeyed, and what was resolved once stays as it is", () => {
  fc.assert(fc.property(someNamed, (named) => {
    const algorithm = AlgorithmSchema.parse(named);
    assertEquals({ ...algorithm, ...named }, algorithm);
    assertEquals(
      AlgorithmSchema.parse({ boundary: undefined, acceleration: undefined, start: undefined, ...named }),
      algorithm,
    );
    assertEquals(AlgorithmSchema.parse(algorithm), algorithm);
  }));
});

Deno.test("defaults alone never contradict the back-projector", () => {
  for (const one of backProjector.unwrap().options) {
    refuseContradictions(AlgorithmSchema.parse({ backProjector: one }), "uint16");
  }
});
