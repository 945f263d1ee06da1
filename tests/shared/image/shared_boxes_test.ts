import { assert, assertEquals, assertRejects } from "@std/assert";
import type { StoredArray } from "shared/contract/stored_array.ts";
import { openCodecThreads } from "shared/codec/threads/codec_threads.ts";
import { ClearstackError } from "shared/errors.ts";
import { readBox } from "shared/image/read/read_box.ts";
import { VoxelMemory } from "shared/process/voxel_memory.ts";
import { voxelCount } from "shared/volume/geometry.ts";
import { createArray, openImage, openStore, writeBlock } from "../../stores.ts";

const SHAPE = [20, 200, 210] as const;

const FORMS: Partial<StoredArray>[] = [
  { version: "0.4", chunk: [8, 128, 128] },
  { version: "0.5", chunk: [8, 128, 128] },
  { version: "0.5", chunk: [8, 64, 128], shard: [16, 128, 256] },
];

const arrayOf = (url: string, form: Partial<StoredArray>, dtype: "float32" | "uint16") =>
  ({ url, array: "0", axes: ["z", "y", "x"], shape: [...SHAPE], dtype, ...form }) as StoredArray;

/** Noise, and zeros in the first chunks, which shards leave out. */
function noise(values: Float32Array | Uint16Array): typeof values {
  for (let i = 0; i < values.length; i++) values[i] = i < 200_000 ? 0 : (i * 2654435761 >>> 16) * 0.37;
  return values;
}

async function objects(url: string): Promise<[string, string][]> {
  const store = openStore(url);
  const keys = (await Array.fromAsync(store.list(""))).sort();
  return await Promise.all(keys.map(async (key): Promise<[string, string]> => {
    return [key, new Uint8Array(await crypto.subtle.digest("SHA-256", (await store.get(key)) as BufferSource)).toHex()];
  }));
}

Deno.test("threads write a core out of a shared box to the bytes that are written of the core alone", async () => {
  const threads = openCodecThreads();
  const memory = new VoxelMemory();
  memory.share();
  try {
    for (const [index, form] of FORMS.entries()) {
      const core = { start: [0, 0, 0], shape: SHAPE } as const;
      const box = { start: [-2, -3, -5], shape: [25, 206, 219] } as const;
      const values = memory.take("float32", voxelCount(box.shape)).fill(NaN);
      const alone = noise(new Float32Array(voxelCount(SHAPE)));
      for (let z = 0, from = 0; z < SHAPE[0]; z++) {
        for (let y = 0; y < SHAPE[1]; y++, from += SHAPE[2]) {
          values.set(alone.subarray(from, from + SHAPE[2]), ((z + 2) * 206 + y + 3) * 219 + 5);
        }
      }
      const [one, other] = [`memory:shared-boxes/${index}`, `memory:shared-boxes/${index}-alone`];
      const written = await writeBlock(arrayOf(one, form, "float32"), { outer: [], core, box, values });
      assertEquals(await writeBlock(arrayOf(other, form, "float32"), { outer: [], core, values: alone }), written);
      assertEquals(await objects(one), await objects(other));
      memory.leave(values);
    }
  } finally {
    threads.close();
  }
});

Deno.test("threads put chunks of any stored form into a shared box, as they are put into one of this thread's own", async () => {
  const threads = openCodecThreads();
  const memory = new VoxelMemory();
  memory.share();
  try {
    for (const [index, form] of FORMS.entries()) {
      const array = arrayOf(`memory:shared-boxes/source-${index}`, form, "uint16");
      await createArray(array);
      const all = noise(new Uint16Array(voxelCount(SHAPE)));
      await writeBlock(array, { outer: [], core: { start: [0, 0, 0], shape: SHAPE }, values: all });
      const box = { start: [-3, -9, 40], shape: [26, 230, 190] } as const;
      for (const boundary of ["periodic", "symmetric", "constant", "non-circulant"] as const) {
        for (const offset of [0, 0.5]) {
          const options = { outer: [], box, boundary, offset, dataType: offset === 0 ? "uint16" : "float32" } as const;
          const into = memory.take(options.dataType, voxelCount(box.shape)).fill(9);
          const image = await openImage({ url: array.url, path: "0" });
          assert(image.placeChunk);
          const shared = await readBox(image, { ...options, into });
          // Opened anew: the indices of shards are read once.
          const own = await readBox(await openImage({ url: array.url, path: "0" }), options);
          assert(shared.values === into);
          assertEquals(shared.bytesRead, own.bytesRead);
          assert(own.values.every((value, at) => value === into[at]), `${boundary} ${offset}`);
          memory.leave(into);
        }
      }
    }
  } finally {
    threads.close();
  }
});

Deno.test("a damaged chunk is refused with its name, also where a thread places it", async () => {
  const threads = openCodecThreads();
  const memory = new VoxelMemory();
  memory.share();
  try {
    const array = arrayOf("memory:shared-boxes/damaged", FORMS[1]!, "uint16");
    await createArray(array);
    const core = { start: [0, 0, 0], shape: SHAPE } as const;
    await writeBlock(array, { outer: [], core, values: noise(new Uint16Array(voxelCount(SHAPE))) });
    const store = openStore(array.url);
    const key = "0/c/2/1/1";
    const bytes = (await store.get(key))!;
    const image = await openImage({ url: array.url, path: "0" });
    for (
      const damaged of [
        bytes.subarray(0, bytes.length - 7),
        bytes.map((byte, at) => at === 0 ? 9 : byte),
      ]
    ) {
      await store.put(key, damaged);
      const read = (into?: Uint16Array) =>
        readBox(image, { outer: [], box: core, boundary: "periodic", dataType: "uint16", ...(into ? { into } : {}) });
      const own = await assertRejects(() => read(), ClearstackError);
      const shared = await assertRejects(() => read(memory.take("uint16", voxelCount(SHAPE))), ClearstackError);
      assertEquals([shared.kind, shared.message], [own.kind, own.message]);
    }
  } finally {
    threads.close();
  }
});
