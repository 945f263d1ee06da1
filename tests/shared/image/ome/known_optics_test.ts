import { assertEquals } from "@std/assert";
import { recordedObjective, withOptics } from "shared/image/ome/known_optics.ts";
import { imageInfo } from "../../../fixtures/image_info.ts";

const image = imageInfo("czyx", [2, 4, 8, 8], { channels: [{ name: "DAPI", emissionNanometres: 400 }, {}] });
const psf = { shape: [3, 3, 3], sha256: "", radius: [1, 1, 1] } as const;
const optics = (emissionNanometres: number) => ({
  ...{ na: 1.2, immersionIndex: 1.33, sampleIndex: 1.33, depthMicrometre: 0 },
  ...{ emissionNanometres, voxelMicrometre: [1, 1, 1] as const },
});

Deno.test("optics that PSFs were computed from become those of the image; stored PSFs say nothing of it", () => {
  const { channels, objective } = withOptics(image, {
    ...psf,
    channels: [460, 525].map((emission, entry) => ({ ...psf, entry, optics: optics(emission) })),
  });
  assertEquals(channels, [{ name: "DAPI", emissionNanometres: 460 }, { emissionNanometres: 525 }]);
  assertEquals(objective, { na: 1.2, immersionIndex: 1.33 });
  const same = withOptics(image, { ...psf, optics: optics(525) });
  assertEquals(same.channels!.map(({ emissionNanometres }) => emissionNanometres), [525, 525]);
  assertEquals(withOptics(image, psf), image);
  assertEquals(withOptics(image, { ...psf, channels: [{ ...psf, entry: 0 }, { ...psf, entry: 1 }] }), image);
});

Deno.test("what no lens has is left out of a record", () => {
  const of = (objective: unknown) => recordedObjective({ clearstack: { objective } });
  assertEquals(of({ na: 0.8, immersionIndex: 1 }), {
    objective: { na: 0.8, immersionIndex: 1 },
    objectiveFrom: "clearstack",
  });
  assertEquals(of({ na: "1.4", immersionIndex: 1.515 }).objective, { immersionIndex: 1.515 });
  for (const nothing of [undefined, "x", [], {}, { na: 7 }]) assertEquals(of(nothing), {});
});
