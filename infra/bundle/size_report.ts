/** Sizes of the files of a bundle, raw and as they travel. */
import { basename } from "@std/path";

/** Size of one file. */
export interface FileSize {
  /** Name of the file. */
  readonly file: string;
  readonly bytes: number;
  readonly gzipBytes: number;
}

/** Measures files, in the order in which they are given. */
export function fileSizes(paths: readonly string[]): Promise<FileSize[]> {
  return Promise.all(paths.map(async (path) => {
    const content = await Deno.readFile(path);
    return { file: basename(path), bytes: content.length, gzipBytes: await gzipBytes(content) };
  }));
}

async function gzipBytes(content: Uint8Array<ArrayBuffer>): Promise<number> {
  const stream = new Blob([content]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}

/** A table for a terminal, in KiB. */
export function sizeTable(sizes: readonly FileSize[]): string {
  const width = Math.max(...sizes.map(({ file }) => file.length));
  const kibibytes = (bytes: number) => (bytes / 1024).toFixed(1).padStart(9);
  return [
    `${"file".padEnd(width)} ${"KiB".padStart(9)} ${"gzip KiB".padStart(9)}`,
    ...sizes.map(({ file, bytes, gzipBytes }) => `${file.padEnd(width)} ${kibibytes(bytes)} ${kibibytes(gzipBytes)}`),
  ].join("\n");
}
