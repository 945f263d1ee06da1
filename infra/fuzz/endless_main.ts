/** Servers of the hostile tenant whose documents never end: prints their URLs as one line of JSON and serves until it is killed. */

/** Sends so many blanks at a time, with a pause before each. */
function blanks(bytes: number, pauseMs: number): string {
  const sent = new Uint8Array(bytes).fill(32);
  const source = () => {
    let timer: ReturnType<typeof setTimeout>;
    return new ReadableStream<Uint8Array>({
      pull: (stream) =>
        new Promise((resolve) => timer = setTimeout(() => resolve(stream.enqueue(sent.slice())), pauseMs)),
      cancel: () => clearTimeout(timer),
    });
  };
  const { addr } = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => new Response(source()));
  return `http://127.0.0.1:${addr.port}`;
}

/** A server that sends blanks as fast as they are taken, and one that sends one each tenth of a second. */
export interface EndlessServers {
  readonly endless: string;
  readonly trickling: string;
}

if (import.meta.main) {
  console.log(JSON.stringify({ endless: blanks(2 ** 20, 0), trickling: blanks(1, 100) } satisfies EndlessServers));
}
