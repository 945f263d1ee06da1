/** Ends a process that has had nothing to do for a while, so that whoever starts it on demand pays for work alone. */

interface IdleOptions {
  /** Time without work after which the process ends, milliseconds. */
  readonly idleMs: number;
  readonly end: () => void;
}

/**
 * Wraps a function's handler. Work is a request below /v1, until its answer has been sent or was hung up: probes and scrapers keep
 * nobody awake.
 */
export function endWhenIdle(
  handle: (request: Request) => Response | Promise<Response>,
  { idleMs, end }: IdleOptions,
): (request: Request) => Promise<Response> {
  let working = 0;
  let timer = setTimeout(end, idleMs);
  const done = () => {
    if (--working === 0) timer = setTimeout(end, idleMs);
  };
  return async (request) => {
    if (!new URL(request.url).pathname.startsWith("/v1/")) return await handle(request);
    working++;
    clearTimeout(timer);
    let response: Response;
    try {
      response = await handle(request);
    } catch (error) {
      done();
      throw error;
    }
    if (response.body === null) {
      done();
      return response;
    }
    const { status, statusText, headers } = response;
    return new Response(watched(response.body, done), { status, statusText, headers });
  };
}

/** The same bytes; `done` is called once they have all been taken, or nobody wants them any more. */
function watched(body: ReadableStream<Uint8Array>, done: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { value, done: ended } = await reader.read();
        if (!ended) return controller.enqueue(value);
        done();
        controller.close();
      } catch (error) {
        done();
        throw error;
      }
    },
    async cancel(reason) {
      done();
      await reader.cancel(reason);
    },
  });
}
