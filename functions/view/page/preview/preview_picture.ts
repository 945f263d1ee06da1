/** A region that was deconvolved, as a picture that lies over the image it was taken from. */
import type { Picture } from "../data/picture.ts";
import type { Contrast } from "../state/contrast.ts";
import type { PreviewResult } from "./messages.ts";

interface Computed {
  /** Of the image, in the order of the volumes. */
  readonly channels: readonly number[];
  readonly time: number;
  /** As the side is shown now, so that it does not flicker. */
  readonly contrasts: readonly (Contrast | undefined)[];
}

let previews = 0;

/** Channels and time points that were not computed have no values: NaN, which is shown black. */
export function pictureOf(
  image: Picture,
  { region: { start, shape }, volumes, record }: PreviewResult,
  { channels, time, contrasts }: Computed,
): Picture {
  const whole = image.levels[0]!;
  const [z, y, x] = shape;
  let nothing: Float32Array | undefined;
  const { spacing, origin } = whole;
  return {
    // Chunks and tiles are kept by it.
    url: `preview:${++previews}`,
    name: "preview",
    levels: [{
      axes: ["t", "c", "z", "y", "x"],
      shape: { ...whole.shape, z, y, x },
      chunk: { t: 1, c: 1, z, y, x },
      spacing,
      origin: {
        z: origin.z + start[0] * spacing.z,
        y: origin.y + start[1] * spacing.y,
        x: origin.x + start[2] * spacing.x,
      },
      image: {
        readChunk([t, c]) {
          const values = t === time ? volumes[channels.indexOf(c!)] : undefined;
          if (values === undefined) nothing ??= new Float32Array(z * y * x).fill(NaN);
          return Promise.resolve({ values: values ?? nothing!, strides: [0, 0, y * x, x, 1], storedBytes: 0 });
        },
      },
    }],
    channels: image.channels.map((channel, index) => ({ ...channel, contrast: contrasts[index] })),
    unit: image.unit,
    zarrFormat: undefined,
    provenance: record,
  };
}

/** True for a picture that was computed in this browser. */
export function isPreview(picture: Picture | undefined): boolean {
  return picture?.provenance.preview === true;
}
