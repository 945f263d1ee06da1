/** A picture of a PSF that is computed from the optics: across the axis and along it, each voxel with the sides that it has. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { ComputedPsf } from "shared/contract/psf_info.ts";
import { inWords } from "../form/field_words.ts";
import { computePlanes } from "./compute_planes.ts";
import type { PsfPlane, PsfPlanes } from "./psf_planes.ts";

/** Shown is the value to this power: the rings of a PSF are a hundredth of its peak and less. */
const GAMMA = 0.4;

/** Pause after the last change, milliseconds. */
const PAUSE = 400;

/** Widest picture, CSS pixels. */
const WIDTH = 180;

/** The picture of one PSF. */
export function PsfPicture({ psf }: { readonly psf: ComputedPsf }) {
  const [planes, setPlanes] = useState<PsfPlanes | undefined>(undefined);
  const [fault, setFault] = useState("");
  const text = JSON.stringify(psf);
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      const answer = await computePlanes(psf, stop.signal);
      setPlanes("planes" in answer ? answer.planes : undefined);
      setFault("fault" in answer ? answer.fault : "");
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text]);
  if (fault !== "") return <p class="fault">{`This PSF cannot be computed: ${inWords(fault)}`}</p>;
  if (planes === undefined) return <p class="note">Computing the PSF</p>;
  const { emissionNanometres, voxelMicrometre: [z, y, x] } = psf;
  const size = planes.shape.join(" × ");
  return (
    <figure class="psf">
      <Plane plane={planes.xy} ratio={y / x} words={`XY of the PSF for ${emissionNanometres} nm`} />
      {planes.shape[0] > 1 && (
        <Plane plane={planes.xz} ratio={z / x} words={`XZ of the PSF for ${emissionNanometres} nm`} />
      )}
      <figcaption class="note">
        {`${emissionNanometres} nm: XY${
          planes.shape[0] > 1 ? " and XZ" : ""
        } through the peak of ${size} voxels, faint light raised`}
      </figcaption>
    </figure>
  );
}

interface PlaneProps {
  readonly plane: PsfPlane;
  /** Height of a voxel in its widths. */
  readonly ratio: number;
  readonly words: string;
}

function Plane({ plane: { width, height, values }, ratio, words }: PlaneProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const pixels = new ImageData(width, height);
    values.forEach((value, index) => {
      const level = Math.round(255 * value ** GAMMA);
      pixels.data.set([level, level, level, 255], 4 * index);
    });
    context.putImageData(pixels, 0, 0);
  }, [values]);
  const scale = Math.min(WIDTH / width, WIDTH / (height * ratio));
  const style = { width: `${width * scale}px`, height: `${height * ratio * scale}px` };
  return <canvas ref={canvas} {...{ width, height, style }} role="img" aria-label={words} />;
}
