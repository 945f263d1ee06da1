import { assert, assertEquals, assertRejects } from "@std/assert";
import { decodeBlosc, encodeBlosc } from "shared/codec/blosc/blosc_frame.ts";
import { codecWork, openCodecThreads, voxelPass } from "shared/codec/threads/codec_threads.ts";
import { doCodecWork } from "shared/codec/threads/codec_work.ts";

const ENCODE = { do: "encode-blosc", elementBytes: 4 } as const;
const decode = (codec: "blosc" | "zstd", length: number) =>
  ({ do: "decode", codec, settings: { configuration: {}, expectedBytes: length, maxBytes: 2 * length } }) as const;

/** More than what is done without threads. */
const values = () => Float32Array.from({ length: 100_000 }, (_, i) => Math.sin(i));
const plain = () => new Uint8Array(values().buffer);

Deno.test("threads make the same bytes as the caller's own thread, and bring them back", async () => {
  const threads = openCodecThreads();
  try {
    const encoded = await Promise.all([1, 2, 3, 4, 5].map(() => codecWork(ENCODE, plain())));
    for (const bytes of encoded) assertEquals(bytes, encodeBlosc(plain(), 4));
    assertEquals(await codecWork(decode("blosc", 400_000), encoded[0]!), plain());
    assertEquals(decodeBlosc(encoded[1]!), plain());
  } finally {
    threads.close();
  }
});

Deno.test("what a codec refuses is refused in the same words by a thread", async () => {
  const threads = openCodecThreads();
  try {
    const damaged = encodeBlosc(plain(), 4).slice(0, -5);
    const here = await assertRejects(() => doCodecWork(decode("blosc", 400_000), damaged), Error);
    const there = await assertRejects(() => codecWork(decode("blosc", 400_000), damaged.slice()), Error);
    assertEquals(there.message, here.message);
    // 400,000 bytes may not come out where 10 were expected.
    const bomb = encodeBlosc(plain(), 4);
    await assertRejects(() => codecWork(decode("blosc", 10), bomb), Error, "too much");
  } finally {
    threads.close();
  }
});

Deno.test("bytes are taken over by a thread, and views of larger buffers are left as they are", async () => {
  const threads = openCodecThreads();
  try {
    const [given, larger] = [plain(), plain()];
    await codecWork(ENCODE, given);
    assertEquals(given.length, 0);
    await codecWork(ENCODE, larger.subarray(0, 200_000));
    assertEquals(larger.length, 400_000);
  } finally {
    threads.close();
  }
});

Deno.test("threads end with the last who opened them, and without them the work is done all the same", async () => {
  const [first, second] = [openCodecThreads(), openCodecThreads()];
  first.close();
  first.close();
  const given = plain();
  await codecWork(ENCODE, given);
  assertEquals(given.length, 0, "the threads ended too early");
  second.close();
  const kept = plain();
  assert((await codecWork(ENCODE, kept)).length > 0);
  assertEquals(kept.length, 400_000);
});

Deno.test("passes over voxels give the same on threads as on the caller's own, and fill memory that is shared", async () => {
  const box = { start: [0, 0, 0], shape: [20, 50, 100] } as const;
  const core = { start: [1, 2, 3], shape: [18, 40, 90] } as const;
  const shared = () => new Float32Array(new SharedArrayBuffer(400_000) as unknown as ArrayBuffer);
  const threads = openCodecThreads();
  try {
    const inThread = shared();
    inThread.set(values());
    const here = values();
    const counted = { box, core, dtype: "float32" } as const;
    assertEquals(await voxelPass("countValues", inThread, counted), await voxelPass("countValues", here, counted));
    assertEquals(await voxelPass("findNotFinite", inThread, { box, core }), undefined);
    const [index, outside] = [(5 * 50 + 6) * 100 + 7, 0];
    inThread[index] = NaN;
    inThread[outside] = NaN;
    assertEquals(await voxelPass("findNotFinite", inThread, { box, core }), index);
    inThread.set(values());
    const form = { dtype: "uint16", intensity: { scale: 1e-4, offset: -0.5, unit: "source" } } as const;
    const integers = [shared(), new Float32Array(100_000)].map(({ buffer }) => {
      return new Uint16Array(buffer, 0, 18 * 40 * 90).fill(7);
    });
    const clipping = await voxelPass("quantiseCore", integers[0]!, { values: inThread, box, core, ...form });
    assertEquals(clipping, await voxelPass("quantiseCore", integers[1]!, { values: here, box, core, ...form }));
    assert(clipping.below > 0);
    assertEquals(integers[0], integers[1]);
    const reduced = { shape: box.shape, factors: [2, 2, 2], dtype: "float32", part: core } as const;
    const halves = { start: core.start, shape: [10, 25, 50] } as const;
    const [target, other] = [shared(), new Float32Array(100_000)].map((values) => ({ box, values }));
    const range = await voxelPass("reduceInto", inThread, { ...reduced, part: halves, target: target! });
    assertEquals(range, await voxelPass("reduceInto", here, { ...reduced, part: halves, target: other! }));
    assertEquals([...target!.values], [...other!.values]);
  } finally {
    threads.close();
  }
});
