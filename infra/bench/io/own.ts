/**
 * Times our own reading and writing of the arrays of infra/bench/io, on the thread that calls: `own.ts write|read FOLDER DEPTH
 * HEIGHT WIDTH REPEATS`. Prints JSON: processor seconds of every repeat by what was done. `floor` is what no
 * implementation around the same codec can beat: files of uncompressed chunks, read into one new box, and the native codec alone,
 * in memory that it uses again.
 */
import process from "node:process";
import type { StoredArray } from "shared/contract/stored_array.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { openImage } from "shared/image/open_image.ts";
import { readBox } from "shared/image/read/read_box.ts";
import { writeBlock } from "shared/image/write/write_block.ts";
import { arrayDocuments } from "shared/image/zarr/zarr_documents.ts";
import { releaseMemory } from "shared/process/release_memory.ts";
import { openStore } from "shared/storage/open_store.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { shuffleInto } from "shared/codec/blosc/shuffle.ts";
import { zstdBound, zstdCompressInto, zstdDecompressInto } from "shared/codec/zstd.ts";

const CHUNK: Vec3 = [16, 256, 256];
const [mode, folder, ...numbers] = Deno.args;
const [depth, height, width, repeats] = numbers.map(Number) as [number, number, number, number];
const shape: Vec3 = [depth, height, width];
const volume = new Uint16Array((await Deno.readFile(`${folder}/volume.raw`)).buffer);
const seconds: Record<string, number[]> = {};

async function time<Result>(what: string, run: () => Promise<Result>): Promise<Result> {
  const start = process.cpuUsage();
  const result = await run();
  const { user, system } = process.cpuUsage(start);
  (seconds[what] ??= []).push((user + system) / 1e6);
  return result;
}

async function write(): Promise<void> {
  const array: StoredArray = {
    ...{ url: `${folder}/ours.zarr`, array: "0", version: "0.5", dtype: "uint16", axes: ["z", "y", "x"] },
    shape: [...shape],
    chunk: CHUNK,
  };
  for (const [key, value] of arrayDocuments(array)) {
    await openStore(array.url, { environment: NO_ENVIRONMENT }).put(
      key,
      new TextEncoder().encode(JSON.stringify(value)),
    );
  }
  await writeBlock(array, { outer: [], core: { start: [0, 0, 0], shape }, values: volume }, {
    environment: NO_ENVIRONMENT,
  });
}

async function read(name: string): Promise<void> {
  const url = `${folder}/${name}.zarr`;
  const { values } = await time(`read ${name}`, async () => {
    const image = await openImage({ url, ...(name === "ours" ? { path: "0" } : {}) }, { environment: NO_ENVIRONMENT });
    const box = { start: [0, 0, 0], shape } as const;
    return await readBox(image, { outer: [], box, boundary: "nearest", dataType: "uint16" });
  });
  if (!(values as Uint16Array).every((value, i) => value === volume[i])) {
    throw new Error(`${url} reads as other values`);
  }
  releaseMemory(values);
}

const chunkLength = CHUNK[0] * CHUNK[1] * CHUNK[2];
const chunks = Array.from(
  { length: Math.floor(volume.length / chunkLength) },
  (_, i) => new Uint8Array(volume.buffer, 2 * i * chunkLength, 2 * chunkLength),
);
const shuffled = chunks.map((chunk) => {
  const bytes = new Uint8Array(chunk.length);
  shuffleInto(bytes, chunk, 2);
  return bytes;
});
const room = new Uint8Array(zstdBound(2 * chunkLength));
const packed = shuffled.map((bytes) => room.slice(0, zstdCompressInto(room, bytes)));
await Deno.mkdir(`${folder}/floor`, { recursive: true });

async function writeFloor(): Promise<void> {
  for (const [i, chunk] of chunks.entries()) await Deno.writeFile(`${folder}/floor/${i}`, chunk);
  for (const bytes of shuffled) zstdCompressInto(room, bytes);
}

async function readFloor(): Promise<void> {
  const box = new Uint8Array(volume.byteLength);
  for (const i of chunks.keys()) {
    using file = await Deno.open(`${folder}/floor/${i}`);
    const target = box.subarray(2 * i * chunkLength, 2 * (i + 1) * chunkLength);
    for (let filled = 0; filled < target.length;) filled += await file.read(target.subarray(filled)) ?? 0;
  }
  for (const bytes of packed) zstdDecompressInto(room.subarray(0, 2 * chunkLength), bytes);
  releaseMemory(box);
}

for (let repeat = 0; repeat < repeats; repeat++) {
  if (mode === "write") {
    await time("write ours", write);
    await time("write floor", writeFloor);
  } else {
    for (const name of ["ours", "python-blosc", "python-zstd"]) await read(name);
    await time("read floor", readFloor);
  }
}
console.log(JSON.stringify(seconds));
