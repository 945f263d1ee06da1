import { assert, assertEquals, assertRejects } from "@std/assert";
import { decodeBlosc, encodeBlosc } from "shared/codec/blosc/blosc_frame.ts";
import { codecWork, openCodecThreads } from "shared/codec/threads/codec_threads.ts";
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
