/** Fields that are filled in with what is known, and errors in words that fit the page. */
import { assertEquals, assertMatch } from "@std/assert";
import { explainPreview } from "functions/view/page/preview/explain_preview.ts";
import { defaultSettings, fillIn } from "functions/view/page/preview/settings.ts";
import { AlgorithmSchema } from "shared/contract/algorithm.ts";
import { ClearstackError, type ErrorKind } from "shared/errors.ts";

const STATED = { na: 1.4, immersionIndex: 1.515, emissionNanometres: [525, 610], depth: 10 } as const;

Deno.test("settings begin as those of a job that says nothing, with a number of iterations", () => {
  const { iterations, acceleration, totalVariation, dampingSigmas } = AlgorithmSchema.parse({ stop: "fixed" });
  const settings = defaultSettings();
  assertEquals({ ...settings, iterations, acceleration, totalVariation, dampingSigmas }, settings);
});

Deno.test("optics are those that the image states, and what somebody wrote stays", () => {
  const { na, immersionIndex, emission } = fillIn(defaultSettings(), { stated: STATED, record: {} });
  assertEquals([na, immersionIndex, emission], ["1.4", "1.515", "525, 610"]);
  const written = fillIn({ ...defaultSettings(), na: "0.7" }, { stated: STATED, record: {} });
  assertEquals(written.na, "0.7");
  // With one channel unknown, nothing is filled in for the others.
  const partly = { ...STATED, emissionNanometres: [525, undefined] };
  assertEquals(fillIn(defaultSettings(), { stated: partly, record: {} }).emission, "");
});

Deno.test("a result, a plan or a view says what its PSF was and how it was made", () => {
  const algorithm = {
    ...AlgorithmSchema.parse({ iterations: 33, boundary: "periodic" }),
    name: "richardson-lucy",
  };
  const optics = { na: 1.2, immersionIndex: 1.33, emissionNanometres: 480, sampleIndex: 1.38 };
  const computed = fillIn(defaultSettings(), { stated: STATED, record: { algorithm, psf: { optics } } });
  assertEquals([computed.na, computed.immersionIndex, computed.sampleIndex, computed.emission], [
    ...["1.2", "1.33", "1.38", "480"],
  ]);
  assertEquals([computed.iterations, computed.others.boundary, computed.psfFrom], [33, "periodic", "optics"]);
  const stored = fillIn(defaultSettings(), { stated: STATED, record: { psf: { url: "https://example.org/psf.tif" } } });
  assertEquals([stored.psfFrom, stored.psfAddress], ["address", "https://example.org/psf.tif"]);
  // A path of the machine that computed it means nothing here, nor does what is no algorithm.
  const nonsense = { algorithm: { iterations: "many" }, psf: { url: "/data/psf.tif" } };
  assertEquals(fillIn(defaultSettings(), { stated: undefined, record: nonsense }), defaultSettings());
});

Deno.test("iterations are those that were decided, and those that were there where none were yet", () => {
  const algorithm = AlgorithmSchema.parse({});
  const iterations = (record: Record<string, unknown>) =>
    fillIn({ ...defaultSettings(), iterations: 7 }, { stated: undefined, record }).iterations;
  assertEquals(iterations({ algorithm, decisions: { iterations: 12 } }), 12);
  assertEquals(iterations({ algorithm }), 7);
});

const SAID: readonly (readonly [kind: ErrorKind, message: string, problem: RegExp, mend: RegExp])[] = [
  ["device-lost", "the GPU was lost (reset); the next run opens it again", /GPU was lost/, /Try again/],
  ["device-memory", "the GPU has no 2 GiB", /2 GiB/, /Zoom in/],
  ["over-budget", "a single voxel with the halo makes a box of more", /single voxel/, /smaller PSF/],
  ["no-device", "install the Vulkan loader", /^this browser offers no GPU by WebGPU$/, /Choose WebAssembly/],
  ["internal", "WebAssembly is not defined", /neither a GPU/, /clearstack view/],
  ["invalid-request", "give --na and --emission", /the numerical aperture and the emission wavelength/, /setting/],
  ["corrupt-data", "memory:files/3/a.tif is cut short", /^a\.tif is cut short$/, /choose another/],
];

for (const [kind, message, problem, mend] of SAID) {
  Deno.test(`an error is told in words that fit the page: ${kind}`, () => {
    const explained = explainPreview(new ClearstackError(kind, message), "https://example.org");
    assertMatch(explained.problem, problem);
    assertMatch(explained.mend, mend);
  });
}
