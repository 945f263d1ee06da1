/**
 * Stacks that ImageJ writes above 4 GiB, and those of MetaMorph: one directory, and all pages raw behind the first, where 32-bit
 * offsets cannot point.
 */
import type { GeoTIFFImage } from "geotiff";
import { swapBytes } from "shared/volume/byte_order.ts";
import { dtypeBytes } from "shared/volume/dtype.ts";
import type { Dtype } from "shared/contract/image_info.ts";
import { ClearstackError } from "shared/errors.ts";
import type { ReadBytes } from "shared/storage/block_reader.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import type { ChunkValues } from "../image.ts";
import { VOXEL_ARRAYS } from "shared/volume/voxel_arrays.ts";

interface ContiguousStack {
  readonly where: string;
  readonly readBytes: ReadBytes;
  readonly fileBytes: number;
  readonly dtype: Dtype;
}

type ReadPage = (page: number, options: RequestOptions) => Promise<ChunkValues>;

/**
 * Finds the pages behind the first: how many the file has room for, and their reader.
 *
 * @throws {ClearstackError} `unsupported` if the first page is compressed, tiled or scattered
 */
export async function contiguousPages(
  first: GeoTIFFImage,
  stack: ContiguousStack,
): Promise<{ readonly pages: number; readonly readPage: ReadPage }> {
  const { where, readBytes, fileBytes, dtype } = stack;
  const itemBytes = dtypeBytes(dtype);
  const pageBytes = first.getWidth() * first.getHeight() * itemBytes;
  const start = await firstByte(first, where);
  const Values = VOXEL_ARRAYS[dtype];
  const readPage: ReadPage = async (page, { signal }) => {
    const bytes = await readBytes(start + page * pageBytes, pageBytes, signal);
    if (bytes.length !== pageBytes) {
      throw new ClearstackError("corrupt-data", `page ${page + 1} of ${where} is cut short`);
    }
    // A copy where the bytes do not start on a multiple of the item, as views of larger blocks may not.
    const own = bytes.byteOffset % itemBytes === 0 ? bytes : bytes.slice();
    if (!first.littleEndian) swapBytes(own, itemBytes);
    return new Values(own.buffer as ArrayBuffer, own.byteOffset, pageBytes / itemBytes);
  };
  return { pages: Math.max(0, Math.floor((fileBytes - start) / pageBytes)), readPage };
}

/** Offset of the raw voxels; a page in several strips must have them one behind the other. */
async function firstByte(first: GeoTIFFImage, where: string): Promise<number> {
  const directory = first.fileDirectory;
  const [offsets, counts] = await Promise.all([
    directory.loadValue("StripOffsets"),
    directory.loadValue("StripByteCounts"),
  ]) as [ArrayLike<number> | undefined, ArrayLike<number> | undefined];
  const starts = Array.from(offsets ?? [], Number);
  const inOrder = starts.slice(1).every((start, strip) => start === starts[strip]! + Number(counts?.[strip]));
  const compression = directory.getValue("Compression") ?? 1;
  if (starts.length > 0 && inOrder && compression === 1) return starts[0]!;
  throw new ClearstackError(
    "unsupported",
    `${where} lists one of its images, which is compressed or scattered; only raw stacks can be read without directories`,
  );
}
