/** Opens files of the visitor's machine as the image that is looked at. Nothing of them is sent: a Worker reads what is needed. */
import { batch } from "@preact/signals";
import { explainError } from "../data/explain_error.ts";
import type { Picture } from "../data/picture.ts";
import type { DroppedFile, OpenedPicture } from "../preview/messages.ts";
import type { Preview } from "../preview/preview.ts";
import type { PreviewWorker } from "../preview/preview_worker.ts";
import { placeFiles } from "./place_files.ts";
import { addPicture, announce, fitImage, type Viewer } from "../state/viewer.ts";

/** What is told of a file that is no image, by kind of error. */
const MENDS: Readonly<Record<string, string>> = {
  "corrupt-data": "The file is damaged or cut short: copy it again from where it was written.",
  "conflict": "Choose the file again.",
};

const CHOOSE =
  "Choose a TIFF (plain, ImageJ or OME-TIFF), a zipped OME-Zarr (.zarr.zip, .ozx), or the folder of an OME-Zarr.";

/** Opens files in place of what is open; what fails becomes a notice, and what was open stays. */
export async function openFiles(viewer: Viewer, preview: Preview, files: readonly DroppedFile[]): Promise<void> {
  if (files.length === 0) return;
  viewer.notices.value = [];
  try {
    const url = await placeFiles(preview.worker, files);
    const { warnings, ...opened } = await preview.worker.call("open", { url });
    show(viewer, preview, pictureFrom(preview.worker, opened));
    viewer.notices.value = warnings.map((problem) => ({ about: opened.name, problem: shown(problem), mend: "" }));
  } catch (error) {
    const { problem, mend } = explainError(error, location.origin);
    const kind = (error as { readonly kind?: string }).kind ?? "";
    const about = files.length === 1 ? files[0]!.key : `${files.length} files`;
    const own = kind === "internal" ? mend : MENDS[kind] ?? CHOOSE;
    viewer.notices.value = [{ about, problem: shown(problem), mend: own }];
  }
}

function show(viewer: Viewer, preview: Preview, picture: Picture): void {
  preview.reset();
  batch(() => {
    viewer.pictures.value = { before: undefined, after: undefined };
    viewer.plan.value = undefined;
    viewer.remote.value = undefined;
    viewer.time.value = 0;
    viewer.line.value = undefined;
    addPicture(viewer, "before", picture);
  });
  fitImage(viewer);
  // The address names what was open before.
  history.replaceState(null, "", location.pathname);
  document.title = `${picture.name} – Clearstack`;
  announce(viewer, `${picture.name} is open`);
  void preview.open();
}

/** A picture whose chunks the Worker reads. */
function pictureFrom(worker: PreviewWorker, { levels, ...picture }: Omit<OpenedPicture, "warnings">): Picture {
  const { url } = picture;
  return {
    ...picture,
    levels: levels.map((level, index) => ({
      ...level,
      image: {
        readChunk: (coords, { signal } = {}) => worker.call("chunk", { url, level: index, coords }, { signal }),
      },
    })),
  };
}

/** A message without the place that files have here. */
function shown(message: string): string {
  return message.replaceAll(/memory:files\/[\w-]+\/?/g, "");
}
