/** Pictures of the PSFs that the form stands for. */
import type { Start } from "../start.ts";
import { Preview } from "../source/preview.tsx";
import { formOptics } from "./form_optics.ts";
import { PsfPicture } from "./psf_picture.tsx";

/** PSFs that are drawn, of images of more channels. */
const MAX_DRAWN = 4;

/** One for each channel where they are computed; of a measured one, two planes. */
export function PsfPictures({ start: { form, source, psf } }: { readonly start: Start }) {
  const measured = psf.answer.value;
  if (form.psfWay.value === "url") {
    if (measured?.failure !== undefined) return <p class="fault">{measured.failure.message}</p>;
    if (measured?.shown === undefined) return null;
    const { url } = measured.shown;
    return (
      <div class="pictures">
        {(["xy", "xz"] as const).map((plane) => (
          <Preview
            key={`${url} ${plane}`}
            url={url}
            plane={plane}
            words={`${plane.toUpperCase()} of the PSF, the middle plane`}
          />
        ))}
      </div>
    );
  }
  const image = source.answer.value?.shown?.image;
  const { request } = form.checked.value;
  if (image === undefined || request === undefined) return null;
  const { psfs } = formOptics(request, image);
  return (
    <div class="pictures">
      {psfs.slice(0, MAX_DRAWN).map((one) => <PsfPicture key={one.emissionNanometres} psf={one} />)}
      {psfs.length > MAX_DRAWN && <p class="note">{`The first ${MAX_DRAWN} of ${psfs.length} PSFs.`}</p>}
    </div>
  );
}
