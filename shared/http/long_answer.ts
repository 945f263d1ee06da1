/**
 * Answers that take long. A server learns that a caller has hung up only when it reads or writes, and Deno 2.9 does not read
 * on after a request whose body came in a packet of its own; so blanks are written while the work goes on, which JSON allows
 * before a value, and a write that fails cancels the work.
 */
import { loggedProblem } from "./problem.ts";

interface LongAnswerOptions {
  /** Called with errors that the answer does not explain. */
  readonly log: (line: string) => void;
  /** Milliseconds until the first blank, and between blanks. @default {1000} */
  readonly beatMs?: number;
  /** @default {200} */
  readonly status?: number;
}

/**
 * Answers with the JSON of what `work` returns. What fails within the first beat is thrown; later the status is sent already,
 * and the body is a problem document, which `callJson` turns into the error.
 *
 * @param request the caller's; its signal, where it fires, cancels the work as well
 * @param work given a signal that fires once the caller has hung up
 */
export async function longAnswer(
  request: Request,
  work: (signal: AbortSignal) => Promise<unknown>,
  { log, beatMs = 1000, status = 200 }: LongAnswerOptions,
): Promise<Response> {
  const gone = new AbortController();
  const answer = work(AbortSignal.any([gone.signal, request.signal]));
  // It is awaited below either way; a failure before that must not count as unhandled.
  answer.catch(() => {});
  let timer: ReturnType<typeof setTimeout> | undefined;
  const firstBeat = new Promise<void>((resolve) => timer = setTimeout(resolve, beatMs));
  const early = await Promise.race([answer.then((value) => ({ value })), firstBeat]).finally(() => clearTimeout(timer));
  if (early) return Response.json(early.value, { status });
  return new Response(beatingBody(answer, { gone, log, beatMs }), {
    status,
    headers: { "content-type": "application/json" },
  });
}

function beatingBody(
  answer: Promise<unknown>,
  { gone, log, beatMs }: Required<Omit<LongAnswerOptions, "status">> & { readonly gone: AbortController },
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let beat: ReturnType<typeof setInterval> | undefined;
  return new ReadableStream({
    start(body) {
      beat = setInterval(() => body.enqueue(encoder.encode(" ")), beatMs);
      body.enqueue(encoder.encode(" "));
      answer.catch((error) => loggedProblem(error, log)).then((value) => {
        clearInterval(beat);
        if (gone.signal.aborted) return;
        body.enqueue(encoder.encode(JSON.stringify(value)));
        body.close();
      });
    },
    cancel() {
      clearInterval(beat);
      gone.abort();
    },
  });
}
