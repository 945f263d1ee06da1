/** The whole page as a target for files. */
import type { Preview } from "../preview/preview.ts";
import type { Viewer } from "../state/viewer.ts";
import { explainError } from "../data/explain_error.ts";
import { droppedFiles } from "./gather_files.ts";
import { openFiles } from "./open_files.ts";

/** Opens what is dropped anywhere, but for fields that take files themselves. @returns ends it */
export function takeDrops(viewer: Viewer, preview: Preview): () => void {
  const takes = ({ target, dataTransfer }: DragEvent) =>
    (dataTransfer?.types.includes("Files") ?? false) &&
    !(target instanceof Element && target.matches("input[type='file']"));
  const over = (event: DragEvent) => {
    if (!takes(event)) return;
    event.preventDefault();
    document.documentElement.classList.add("dropping");
  };
  const leave = (event: DragEvent) => {
    if (event.relatedTarget === null) document.documentElement.classList.remove("dropping");
  };
  const drop = async (event: DragEvent) => {
    document.documentElement.classList.remove("dropping");
    if (!takes(event)) return;
    event.preventDefault();
    try {
      await openFiles(viewer, preview, await droppedFiles(event.dataTransfer!));
    } catch (error) {
      viewer.notices.value = [{ about: "Drop:", ...explainError(error, location.origin) }];
    }
  };
  document.addEventListener("dragover", over);
  document.addEventListener("dragleave", leave);
  document.addEventListener("drop", drop);
  return () => {
    document.removeEventListener("dragover", over);
    document.removeEventListener("dragleave", leave);
    document.removeEventListener("drop", drop);
  };
}
