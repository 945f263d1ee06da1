/** Thread that computes PSFs for pictures, since one may take seconds. */
import { toClearstackError } from "shared/errors.ts";
import { psfPlanes } from "./psf_planes.ts";

interface PsfThread {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown): void;
}

const thread = globalThis as unknown as PsfThread;
thread.onmessage = ({ data }) => {
  try {
    thread.postMessage({ planes: psfPlanes(data) });
  } catch (error) {
    thread.postMessage({ fault: toClearstackError(error).message });
  }
};
