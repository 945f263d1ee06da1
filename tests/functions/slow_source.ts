/** A source whose metadata begin to come and never end. */

/** The server of one. */
export interface SlowSource extends AsyncDisposable {
  readonly url: string;
  /** Resolves when somebody has begun to read. */
  readonly asked: Promise<void>;
  /** Resolves when nobody reads any more. */
  readonly left: Promise<void>;
}

/** Starts one on this machine. */
export function slowSource(): SlowSource {
  const [asked, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let readers = 0;
  const answer = () => {
    let timer: ReturnType<typeof setInterval>;
    const body = new ReadableStream<Uint8Array>({
      start(stream) {
        readers++;
        asked.resolve();
        timer = setInterval(() => stream.enqueue(new TextEncoder().encode(" ")), 20);
      },
      cancel() {
        clearInterval(timer);
        if (--readers === 0) left.resolve();
      },
    });
    return new Response(body);
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
  return {
    url: `http://127.0.0.1:${server.addr.port}/image.zarr`,
    asked: asked.promise,
    left: left.promise,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
