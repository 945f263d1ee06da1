/** A file in a store as the TIFF library wants its sources. */
import type { ReadBytes } from "shared/storage/block_reader.ts";

/** The few methods of geotiff's sources that are called. */
export function geotiffSource(readBytes: ReadBytes, fileSize: number) {
  return {
    fileSize,
    close: () => Promise.resolve(),
    fetch: (slices: readonly { offset: number; length: number }[]) =>
      Promise.all(slices.map(async ({ offset, length }) => {
        const bytes = await readBytes(offset, length);
        return bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength
          ? bytes.buffer
          : bytes.slice().buffer;
      })),
  };
}
