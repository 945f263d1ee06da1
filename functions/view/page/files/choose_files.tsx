/** A field for files of the visitor's machine. */
import { useRef } from "preact/hooks";
import type { Preview } from "../preview/preview.ts";
import type { Viewer } from "../state/viewer.ts";
import { chosenFiles } from "./gather_files.ts";
import { openFiles } from "./open_files.ts";

interface ChooseFilesProps {
  readonly viewer: Viewer;
  readonly preview: Preview;
}

/** Endings of files that may be images. */
const ENDINGS = ".tif,.tiff,.btf,.tf8,.lsm,.stk,.zip,.ozx";

/** A button that lets files be chosen in place of what is open. */
export function ChooseButton({ viewer, preview }: ChooseFilesProps) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" class="choose" onClick={() => field.current!.click()}>Open a file</button>
      <input
        ref={field}
        type="file"
        hidden
        multiple
        accept={ENDINGS}
        onChange={(event) => void openFiles(viewer, preview, chosenFiles(event.currentTarget.files ?? []))}
      />
    </>
  );
}

/** The field, and what is done with what it is given. */
export function ChooseFiles({ viewer, preview }: ChooseFilesProps) {
  return (
    <section class="open" aria-labelledby="files-title">
      <h2 id="files-title">Deconvolve in your browser</h2>
      <p>
        Drop a TIFF, a zipped OME-Zarr or the folder of one anywhere on this page, or choose it. Your own GPU computes,
        or your processor. The file stays on your machine: nothing of it is sent.
      </p>
      <label>
        File
        <input
          type="file"
          multiple
          accept={ENDINGS}
          onChange={(event) => void openFiles(viewer, preview, chosenFiles(event.currentTarget.files ?? []))}
        />
      </label>
    </section>
  );
}
