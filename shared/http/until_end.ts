/** What is held for as long as a stream is read. */

/** The same stream; `release` is called once, when it ends, fails or is left. */
export function untilEnd(body: ReadableStream<Uint8Array>, release: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let isHeld = true;
  const end = () => {
    // A stream that is left while it is waited for ends as well.
    if (isHeld) release();
    isHeld = false;
  };
  return new ReadableStream({
    async pull(stream) {
      try {
        const { value, done } = await reader.read();
        if (!done) return stream.enqueue(value);
        end();
        stream.close();
      } catch (error) {
        end();
        stream.error(error);
      }
    },
    async cancel(reason) {
      end();
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}
