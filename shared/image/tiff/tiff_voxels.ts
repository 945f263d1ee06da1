/**
 * The voxels of a page of a TIFF, or of one of its tiles: fetched in as few requests as its blocks lie together, and decoded by
 * native code where there is some. The TIFF library finds the blocks, and decodes what is rare.
 */
import { type GeoTIFFImage, getDecoder } from "geotiff";
import { dtypeBytes } from "shared/volume/dtype.ts";
import { recycleMemory, takeBytes } from "shared/process/recycle_memory.ts";
import type { ReadBytes } from "shared/storage/block_reader.ts";
import { codecWork } from "shared/codec/threads/codec_threads.ts";
import type { DecoderName } from "shared/codec/decoders.ts";
import type { ChunkValues } from "../image.ts";
import { assertInflatesTo, endedLzw } from "./tiff_inflation.ts";
import { undoPredictor } from "./tiff_blocks.ts";
import { type SampleType, unpackBits } from "./tiff_samples.ts";
import { VOXEL_ARRAYS } from "shared/volume/voxel_arrays.ts";

interface TiffVoxelsOptions {
  readonly readBytes: ReadBytes;
  readonly sample: SampleType;
  readonly signal?: AbortSignal | undefined;
}

/** A strip or a tile. */
interface Block {
  readonly offset: number;
  /** Stored bytes; 0 for one that was never written. */
  readonly length: number;
  readonly rows: number;
}

/** Bytes between strips that are not worth a request of their own. */
const MAX_GAP_BYTES = 64;

/** Number of LZW among compressions. */
const LZW = 5;

const NATIVE: Readonly<Record<number, DecoderName>> = { 8: "zlib", 32946: "zlib", 50000: "zstd" };

/**
 * Reads a tile, or a page in strips.
 *
 * @param place row and column of the tile among the tiles; 0, 0 for strips
 * @returns values, x contiguous, which the caller owns, and the bytes that were fetched for them
 * @throws {Error} with what is wrong with the file
 */
export async function readTiffVoxels(
  page: GeoTIFFImage,
  place: readonly [row: number, column: number],
  { readBytes, sample, signal }: TiffVoxelsOptions,
): Promise<{ readonly values: ChunkValues; readonly storedBytes: number }> {
  const blocks = await blocksOf(page, place);
  for (const { length, rows } of blocks) assertPlausible(length, rows * page.getTileWidth() * dtypeBytes(sample.dtype));
  const stored = await fetchBlocks(blocks, readBytes, signal);
  const { dtype } = sample;
  const rowBytes = page.getTileWidth() * dtypeBytes(dtype);
  const decode = await blockDecoder(page, sample);
  const values = (bytes: Uint8Array) => {
    const { buffer, byteOffset, byteLength } = bytes;
    return new VOXEL_ARRAYS[dtype](buffer as ArrayBuffer, byteOffset, byteLength / dtypeBytes(dtype));
  };
  const storedBytes = blocks.reduce((sum, { length }) => sum + length, 0);
  if (blocks.length === 1) return { values: values(await decode(stored[0]!, blocks[0]!.rows)), storedBytes };
  const whole = takeBytes(blocks.reduce((sum, { rows }) => sum + rows * rowBytes, 0));
  const rowsPerBlock = blocks[0]!.rows;
  await Promise.all(blocks.map(async ({ rows }, index) => {
    const decoded = await decode(stored[index]!, rows);
    whole.set(decoded, index * rowsPerBlock * rowBytes);
    if (decoded.buffer !== stored[index]!.buffer) recycleMemory(decoded);
  }));
  return { values: values(whole), storedBytes };
}

/** @throws {Error} for a strip or tile that takes far more bytes stored than its voxels do: no compression grows like that */
function assertPlausible(storedBytes: number, voxelBytes: number): void {
  if (storedBytes <= 2 * voxelBytes + 2 ** 16) return;
  throw new Error(`a strip or tile of ${voxelBytes} bytes of voxels says that it takes ${storedBytes} bytes stored`);
}

async function blocksOf(page: GeoTIFFImage, [row, column]: readonly [number, number]): Promise<Block[]> {
  const directory = page.fileDirectory;
  if (page.isTiled) {
    const index = row * Math.ceil(page.getWidth() / page.getTileWidth()) + column;
    const offset = Number(await directory.loadValueIndexed("TileOffsets", index));
    const length = Number(await directory.loadValueIndexed("TileByteCounts", index));
    return [{ offset, length, rows: page.getTileHeight() }];
  }
  const offsets = await directory.loadValue("StripOffsets") as ArrayLike<number | bigint>;
  const lengths = await directory.loadValue("StripByteCounts") as ArrayLike<number | bigint>;
  return Array.from({ length: Math.ceil(page.getHeight() / page.getTileHeight()) }, (_, strip) => ({
    offset: Number(offsets[strip]),
    length: Number(lengths[strip]),
    rows: page.getBlockHeight(strip),
  }));
}

/** The stored bytes of each block, of which the caller may change its own; of a block that was never written, none. */
async function fetchBlocks(blocks: readonly Block[], readBytes: ReadBytes, signal?: AbortSignal) {
  const [first, last] = [blocks[0]!, blocks.at(-1)!];
  const neighbours = blocks.every(({ offset, length }, index) => {
    const before = blocks[index - 1];
    const gap = before === undefined ? 0 : offset - before.offset - before.length;
    return length > 0 && gap >= 0 && gap <= MAX_GAP_BYTES;
  });
  if (!neighbours) return await Promise.all(blocks.map((block) => fetchSpan(block, readBytes, signal)));
  const span = { offset: first.offset, length: last.offset + last.length - first.offset };
  const bytes = await fetchSpan(span, readBytes, signal);
  return blocks.map(({ offset, length }) => bytes.subarray(offset - span.offset, offset - span.offset + length));
}

async function fetchSpan(
  { offset, length }: Pick<Block, "offset" | "length">,
  readBytes: ReadBytes,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length)) throw new Error("a strip or tile has no place");
  if (length === 0) return new Uint8Array(0);
  const bytes = await readBytes(offset, length, signal);
  if (bytes.length !== length) throw new Error(`it ends before the ${length} bytes at ${offset} that it speaks of`);
  return bytes;
}

/** Turns the stored bytes of a block of so many rows into those of its voxels. */
async function blockDecoder(
  page: GeoTIFFImage,
  { dtype, packedBits }: SampleType,
): Promise<(stored: Uint8Array, rows: number) => Promise<Uint8Array>> {
  const itemBytes = dtypeBytes(dtype);
  const width = page.getTileWidth();
  const rowBytes = Math.ceil(width * (packedBits ?? 8 * itemBytes) / 8);
  const predictor = Number(await page.fileDirectory.loadValue("Predictor") ?? 1);
  const decompress = await decompressor(page);
  return async (stored, rows) => {
    const expectedBytes = rows * rowBytes;
    if (stored.length === 0) {
      const filled = new VOXEL_ARRAYS[dtype](rows * width);
      if (filled instanceof BigInt64Array || filled instanceof BigUint64Array) return new Uint8Array(filled.buffer);
      return new Uint8Array(filled.fill(page.getGDALNoData() ?? 0).buffer);
    }
    const plain = await decompress(stored, expectedBytes);
    if (plain.length < expectedBytes) {
      throw new Error(`a strip or tile holds ${plain.length} bytes instead of ${expectedBytes}`);
    }
    const exact = plain.subarray(0, expectedBytes);
    if (packedBits !== undefined) return unpackBits(exact, packedBits, width);
    const aligned = exact.byteOffset % itemBytes === 0 ? exact : exact.slice();
    undoPredictor(aligned, { predictor, rowBytes, itemBytes, littleEndian: page.littleEndian });
    return aligned;
  };
}

async function decompressor(
  page: GeoTIFFImage,
): Promise<(stored: Uint8Array, expected: number) => Promise<Uint8Array>> {
  const directory = page.fileDirectory;
  const compression = Number(await directory.loadValue("Compression") ?? 1);
  if (compression === 1) return (stored) => Promise.resolve(stored);
  // Some writers fill the last strip.
  const spare = page.getTileWidth() * page.getTileHeight() * page.getBytesPerPixel();
  const codec = NATIVE[compression];
  if (codec !== undefined) {
    return (stored, expectedBytes) => {
      const maxBytes = expectedBytes + spare;
      // Strips that were fetched together share a buffer, which must not go to a thread with the first of them.
      const own = stored.byteLength === stored.buffer.byteLength ? stored : stored.slice();
      return codecWork({ do: "decode", codec, settings: { configuration: {}, expectedBytes, maxBytes } }, own);
    };
  }
  const decoder = await getDecoder(
    compression,
    {
      tileWidth: page.getTileWidth(),
      tileHeight: page.getTileHeight(),
      predictor: 1,
      planarConfiguration: 1,
      bitsPerSample: page.getBitsPerSample(),
      JPEGTables: await directory.loadValue("JPEGTables"),
      LercParameters: await directory.loadValue("LercParameters"),
    } as Parameters<typeof getDecoder>[1],
  );
  return async (stored, expectedBytes) => {
    assertInflatesTo(expectedBytes + spare, stored, compression);
    const codes = compression === LZW ? endedLzw(stored) : stored;
    return new Uint8Array(await decoder.decode(codes.slice().buffer));
  };
}
