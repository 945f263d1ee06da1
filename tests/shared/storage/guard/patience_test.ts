import { assertEquals, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { pause } from "shared/process/pause.ts";
import { type Attempt, waitWhileMoving } from "shared/storage/guard/patience.ts";

/** Waits for `call`, but never longer than `timeoutMs` for nothing. */
function waiting<T>(timeoutMs: number, call: (attempt: Attempt) => Promise<T>, headStartMs = 0): Promise<T> {
  const givenUp = (bytes: number | undefined) => new Error(`given up after ${bytes} bytes`);
  return waitWhileMoving({ timeoutMs, headStartMs, givenUp }, call);
}

/** Moves by so many bytes, so many times, 10 ms apart; then ends, or never. */
function answer({ pieces, bytes, ends }: { pieces: number; bytes: number; ends: boolean }) {
  return async ({ signal, moved }: Attempt): Promise<number> => {
    moved();
    for (let piece = 0; piece < pieces && !signal.aborted; piece++) {
      await pause(10, signal);
      moved(bytes);
    }
    if (!ends) await new Promise((resolve) => signal.addEventListener("abort", resolve));
    signal.throwIfAborted();
    return pieces * bytes;
  };
}

Deno.test("what moves is waited for many times as long as what does not", async () => {
  // 30 times 10 ms, of which no two follow each other without a byte for each of the 10 ms.
  assertEquals(await waiting(80, answer({ pieces: 30, bytes: 1000, ends: true })), 30_000);
});

Deno.test("what stops is given up, with the bytes that came", async () => {
  await assertRejects(() => waiting(40, answer({ pieces: 3, bytes: 7, ends: false })), Error, "after 21 bytes");
});

Deno.test("what never begins is given up, with no bytes at all", async () => {
  const silent = ({ signal }: Attempt) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  await assertRejects(() => waiting(20, silent), Error, "after undefined bytes");
});

Deno.test("what crawls below a byte in a millisecond is given up, however steadily it does", async () => {
  // A byte for each 10 ms or more: of 80 ms, no more than a tenth is given back on the way.
  await assertRejects(() => waiting(80, answer({ pieces: 1000, bytes: 1, ends: true })), Error, "given up");
});

Deno.test("a head start is for the beginning of the answer only", async () => {
  const late = async ({ signal, moved }: Attempt) => {
    await pause(100, signal);
    signal.throwIfAborted();
    moved();
    return answer({ pieces: 0, bytes: 0, ends: false })({ signal, moved });
  };
  const started = performance.now();
  await assertRejects(() => waiting(40, late, 400), Error, "after 0 bytes");
  // 100 ms for the beginning and 40 for what does not follow; with the head start it would be 440 at least.
  assertEquals(performance.now() - started < 400, true);
});

Deno.test("a thread that was busy looks at what came meanwhile before it gives up", async () => {
  const busy = async ({ signal, moved }: Attempt) => {
    for (const start = performance.now(); performance.now() < start + 120;);
    await delay(1);
    moved();
    signal.throwIfAborted();
    return "came";
  };
  assertEquals(await waiting(40, busy), "came");
});

Deno.test("an error that is not of the clock's making is left as it is, and so is the caller's own end of patience", async () => {
  await assertRejects(() => waiting(1000, () => Promise.reject(new Error("of its own"))), Error, "of its own");
  const { signal } = { signal: AbortSignal.abort(new Error("enough")) };
  const call = ({ signal }: Attempt) => Promise.resolve(signal.throwIfAborted());
  const givenUp = () => new Error("given up");
  await assertRejects(() => waitWhileMoving({ timeoutMs: 1000, signal, givenUp }, call), Error, "enough");
});
