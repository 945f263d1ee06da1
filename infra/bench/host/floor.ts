/** What no implementation around the same codec can beat: the native codec alone, in memory that it uses again, and raw copies. */
import { shuffleInto } from "shared/codec/blosc/shuffle.ts";
import { zstdBound, zstdCompressInto, zstdDecompressInto } from "shared/codec/zstd.ts";
import type { Measure } from "./parts.ts";

const CHUNK_VOXELS = 16 * 256 * 256;

/** Voxels of each block: this many, or what is left. */
function blocks(bytes: Uint8Array, elementBytes: number): Uint8Array[] {
  const length = CHUNK_VOXELS * elementBytes;
  return Array.from(
    { length: Math.ceil(bytes.length / length) },
    (_, index) => bytes.subarray(index * length, (index + 1) * length),
  );
}

/**
 * Processor seconds for decoding and copying the voxels of a source once, and for copying, encoding and writing those of an output.
 *
 * @param folder to write files to
 */
export async function measureFloor(source: Uint16Array, folder: string, measure: Measure) {
  const room = new Uint8Array(zstdBound(4 * CHUNK_VOXELS));
  const packed = blocks(new Uint8Array(source.buffer), 2).map((block) => {
    const shuffled = new Uint8Array(block.length);
    shuffleInto(shuffled, block, 2);
    return { bytes: room.slice(0, zstdCompressInto(room, shuffled)), length: block.length };
  });
  const plain = new Uint8Array(2 * CHUNK_VOXELS);
  const read = await measure(() => {
    const box = new Uint8Array(source.byteLength);
    packed.forEach(({ bytes, length }, index) => {
      const block = plain.subarray(0, length);
      zstdDecompressInto(block, bytes);
      box.set(block, index * plain.length);
    });
    return Promise.resolve();
  });
  const estimate = Float32Array.from(source, (value) => 0.7390851332151607 * value);
  const shuffled = blocks(new Uint8Array(estimate.buffer), 4).map((block) => {
    const bytes = new Uint8Array(block.length);
    shuffleInto(bytes, block, 4);
    return bytes;
  });
  const copy = new Uint8Array(4 * CHUNK_VOXELS);
  await Deno.mkdir(folder, { recursive: true });
  const write = await measure(async () => {
    for (const [index, bytes] of shuffled.entries()) {
      copy.set(bytes);
      await Deno.writeFile(
        `${folder}/${index}`,
        room.subarray(0, zstdCompressInto(room, copy.subarray(0, bytes.length))),
      );
    }
  });
  await Deno.remove(folder, { recursive: true });
  return { read, write };
}
