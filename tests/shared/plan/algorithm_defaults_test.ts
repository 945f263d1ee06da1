import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Algorithm, AlgorithmSchema, AlgorithmSettings } from "shared/contract/algorithm.ts";
import { refuseContradictions } from "shared/plan/algorithm_rules.ts";

type Named = Partial<Pick<Algorithm, "backProjector" | "boundary" | "acceleration" | "start" | "stop" | "iterations">>;

const chosen = (named: Named) => {
  const { boundary, acceleration, start, stop, iterations } = AlgorithmSchema.parse(named);
  return `${boundary} ${acceleration} ${start}, ${stop} ${iterations}`;
};

for (
  const [named, expected] of [
    [{}, "non-circulant shb flat, noise 150"],
    [{ backProjector: "matched" }, "non-circulant shb flat, noise 150"],
    [{ boundary: "non-circulant" }, "non-circulant shb flat, noise 150"],
    [{ acceleration: "biggs" }, "non-circulant biggs flat, noise 150"],
    // Plain iterations begin with the image.
    [{ acceleration: "none" }, "non-circulant none data, fixed 20"],
    [{ start: "data" }, "non-circulant shb data, noise 150"],
    // Who names another boundary follows others, who iterate without momentum.
    [{ boundary: "symmetric" }, "symmetric none data, fixed 20"],
    [{ boundary: "periodic" }, "periodic none data, fixed 20"],
    [{ boundary: "periodic", start: "flat" }, "periodic none flat, fixed 20"],
    [{ boundary: "periodic", acceleration: "shb" }, "periodic shb data, noise 150"],
    // It observes the whole box, and momentum makes it diverge.
    [{ backProjector: "wiener-butterworth" }, "symmetric none data, fixed 20"],
    [{ backProjector: "wiener-butterworth", acceleration: "biggs" }, "symmetric biggs data, fixed 20"],
    // A number that is named is run; the noise decides at most.
    [{ iterations: 30 }, "non-circulant shb flat, fixed 30"],
    [{ stop: "fixed" }, "non-circulant shb flat, fixed 20"],
    [{ stop: "noise", iterations: 30 }, "non-circulant shb flat, noise 30"],
    [{ stop: "held-out" }, "non-circulant shb flat, held-out 20"],
  ] as readonly (readonly [Named, string])[]
) {
  Deno.test(`a request that names ${JSON.stringify(named)} runs ${expected}`, () => {
    assertEquals(chosen(named), expected);
  });
}

const { backProjector, boundary, acceleration, start, stop } = AlgorithmSettings.shape;
const someNamed: fc.Arbitrary<Named> = fc.record({
  backProjector: fc.constantFrom(...backProjector.unwrap().options),
  boundary: fc.constantFrom(...boundary.unwrap().options),
  acceleration: fc.constantFrom(...acceleration.unwrap().options),
  start: fc.constantFrom(...start.unwrap().options),
  stop: fc.constantFrom(...stop.unwrap().options),
  iterations: fc.constantFrom(1, 20, 150, 1000),
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
