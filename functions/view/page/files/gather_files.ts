/** The files that somebody chose or dropped, with those of folders, by their paths. */
import { ClearstackError } from "shared/errors.ts";
import type { DroppedFile } from "../preview/messages.ts";

/** More files than this in a folder take longer to list than anybody waits. */
const MAX_FILES = 100_000;

/** What was dropped; nothing where it was no file. */
export async function droppedFiles({ items, files }: DataTransfer): Promise<DroppedFile[]> {
  // Entries are gone as soon as the event is over.
  const entries = [...items].flatMap((item) => item.kind === "file" ? [item.webkitGetAsEntry()] : []);
  if (entries.length === 0 || entries.some((entry) => entry === null)) return chosenFiles(files);
  const found: DroppedFile[] = [];
  for (const entry of entries) await gather(entry!, found);
  return found;
}

/** What was chosen with a field; files of a folder come with their paths. */
export function chosenFiles(files: Iterable<File>): DroppedFile[] {
  return [...files].map((file) => ({ key: file.webkitRelativePath || file.name, file }));
}

async function gather(entry: FileSystemEntry, found: DroppedFile[]): Promise<void> {
  if (found.length >= MAX_FILES) {
    throw new ClearstackError("unsupported", `a folder of more than ${MAX_FILES} files is not opened here: zip it`);
  }
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    found.push({ key: entry.fullPath.replace(/^\/+/, ""), file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A folder comes in parts, the last one empty.
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return;
    for (const inner of part) await gather(inner, found);
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}
