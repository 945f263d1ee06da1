/**
 * Submits a job to a service (`clearstack serve`) and follows its events; any language that speaks HTTP can do the same:
 *
 *     deno run -A job_over_http.ts SERVICE IMAGE PSF OUTPUT
 */
const [service, source, psf, output] = Deno.args;
if (output === undefined) throw new Error("usage: job_over_http.ts SERVICE IMAGE PSF OUTPUT");

/** Sends a request; an error is answered with a problem document (RFC 9457). */
async function call(path: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(new URL(path, service), init);
  if (response.ok) return response;
  const { title, detail, path: where, need, limit } = await response.json();
  throw new Error(`${title}: ${detail} ${JSON.stringify({ where, need, limit })}`);
}

const accepted = await call("/v1/jobs", {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({
    source: { url: source },
    psf: { url: psf },
    output: { url: output },
    algorithm: { iterations: 10 },
    backend: "cpu",
  }),
});
await accepted.body?.cancel();
const job = accepted.headers.get("location")!;

// Server-sent events: an event is a few lines, then an empty one; the line of data is JSON. The last event ends the stream.
const events = await call(`${job}/events`);
let text = "";
for await (const part of events.body!.pipeThrough(new TextDecoderStream())) {
  text += part;
  const lines = text.split("\n");
  text = lines.pop()!;
  for (const line of lines.filter((line) => line.startsWith("data:"))) {
    const { status } = JSON.parse(line.slice("data:".length));
    console.log(`${status.state}, ${status.tilesDone} of ${status.tiles} tiles`);
  }
}

const { state, result, error } = await (await call(job)).json();
console.log(state, result?.voxels ?? error);
