/**
 * What viewers ask for: `/v1/views/{id}/{signature}/0.5/...` is the root of an OME-Zarr 0.5, `.../0.4/...` of one of 0.4, and
 * `.../events` tells of finished tiles. `/v1/images/{token}/...` is the root of an image as it is. The signature is all that they bring, so pages of any origin may ask, and read every answer.
 */
import { type Context, Hono } from "hono";
import { cors } from "hono/cors";
import type { OmeVersion } from "shared/contract/stored_array.ts";
import { answerObject } from "shared/http/answer_object.ts";
import { EVENT_STREAM_HEADERS, lastEventId } from "shared/http/event_stream.ts";
import { answerProblem, answerProblems } from "shared/http/function_app.ts";
import { objectEntry } from "shared/image/output/stored_objects.ts";
import { observeRequests } from "shared/http/observe_requests.ts";
import { httpProblem, loggedProblem } from "shared/http/problem.ts";
import { untilEnd } from "shared/http/until_end.ts";
import type { ChunkPlace } from "./http/object_key.ts";
import type { OpenView } from "./open_view.ts";
import type { Views } from "./views.ts";

interface SignedAppDeps {
  readonly views: Pick<Views, "check" | "open" | "events" | "images">;
  /** Called with errors that the answer does not explain. */
  readonly log: (line: string) => void;
}

/** True for what {@link createSignedApp} answers: a view and a signature, or an image, and something below. */
export function isSignedPath({ url }: Request): boolean {
  return /^\/v1\/(?:views\/[^/]+|images)\/[^/]+\//.test(new URL(url).pathname);
}

/** Headers that pages may read beside the usual ones. */
const EXPOSED = ["accept-ranges", "content-length", "content-range", "etag", "retry-after", "x-clearstack-approximate"];

/** Preflights are asked again after so long, seconds. */
const MAX_AGE = 86_400;

/** What never changes is not asked for again. */
const KEPT = "private, max-age=86400, immutable";
/** What may change is asked for again, with its tag. */
const ASKED_AGAIN = "no-cache";

/**
 * Images hold what their writers like, at the origin of the page that keeps a caller's key: a browser that is sent there must not take
 * a chunk for a page.
 */
const NO_PAGE = { "x-content-type-options": "nosniff", "content-security-policy": "default-src 'none'; sandbox" };

/** Chunks that are waited for at the same time, of all views, and objects of images. */
const MAX_WAITING = 512;

/** Streams of events at the same time, of all views: each takes some 80 KB, and who asks brings nothing but a URL. */
const MAX_STREAMS = 1000;

/** The application. */
export function createSignedApp({ views, log }: SignedAppDeps): Hono {
  const app = new Hono();
  app.use(observeRequests);
  answerProblems(app, log);
  app.use(async (c, next) => {
    await next();
    c.header("cross-origin-resource-policy", "cross-origin");
    for (const [name, value] of Object.entries(NO_PAGE)) c.header(name, value);
    // Asked by browsers before a public page may call this machine.
    if (c.req.header("access-control-request-private-network")) {
      c.header("access-control-allow-private-network", "true");
    }
  });
  app.use(cors({ origin: "*", allowMethods: ["GET", "HEAD", "OPTIONS"], exposeHeaders: EXPOSED, maxAge: MAX_AGE }));
  app.get("/v1/views/:id/:signature/*", async (c, next) => refusal(c, views) ?? await next());
  let streams = 0;
  app.get("/v1/views/:id/:signature/events", async (c) => {
    if (c.req.raw.method === "HEAD") return c.body(null, 200, EVENT_STREAM_HEADERS);
    if (streams >= MAX_STREAMS) return tooMany(c, `${MAX_STREAMS} event streams are open`);
    streams++;
    const release = () => void streams--;
    try {
      const after = lastEventId(c.req.raw.headers);
      const body = await views.events(c.req.param("id"), after === undefined ? {} : { after });
      return c.body(untilEnd(body, release), 200, EVENT_STREAM_HEADERS);
    } catch (error) {
      release();
      throw error;
    }
  });
  let waiting = 0;
  const withinMost = async (c: Context, answer: () => Promise<Response>): Promise<Response> => {
    if (waiting >= MAX_WAITING) return tooMany(c, `${MAX_WAITING} chunks are waited for`);
    waiting++;
    try {
      return await answer();
    } finally {
      waiting--;
    }
  };
  app.get("/v1/images/*", (c) => withinMost(c, () => views.images.answer(c.req.raw)));
  app.get("/v1/views/:id/:signature/:version{0\\.[45]}/:key{.+}", async (c) => {
    const version = c.req.param("version") as OmeVersion;
    const key = c.req.param("key");
    const view = await views.open(c.req.param("id"));
    const document = view.document(key, version);
    if (document !== undefined) {
      const headers = { "content-type": "application/json", "cache-control": ASKED_AGAIN };
      return await answerBytes(c, { bytes: document, entry: objectEntry(document), headers });
    }
    const place = view.placeOf(key, version);
    if (place === undefined) return await c.notFound();
    return await withinMost(c, () => answerChunk(c, { view, place, log }));
  });
  return app;
}

/** The answer to who brings no valid signature; undefined to who does. */
function refusal(c: Context, views: SignedAppDeps["views"]): Response | undefined {
  const state = views.check(c.req.param("id")!, c.req.param("signature")!);
  if (state === "valid") return undefined;
  const detail = state === "expired"
    ? "the time of this view is over: make another"
    : "the signature is not of this view";
  return answerProblem(c, httpProblem(403, state === "expired" ? "Expired" : "Not signed", detail));
}

function tooMany(c: Context, what: string): Response {
  return answerProblem(c, httpProblem(503, "Too much at once", `${what}: ask again`), { "retry-after": "1" });
}

/** A chunk, or 500: viewers draw what is missing, a 404, as if it were black. */
async function answerChunk(
  c: Context,
  { view, place, log }: { readonly view: OpenView; readonly place: ChunkPlace; readonly log: (line: string) => void },
): Promise<Response> {
  const { signal } = c.req.raw;
  try {
    const { bytes, entry, approximate } = await view.chunk(place, signal);
    const headers = {
      "content-type": "application/octet-stream",
      "cache-control": approximate ? ASKED_AGAIN : KEPT,
      ...(approximate ? { "x-clearstack-approximate": "true" } : {}),
    };
    return await answerBytes(c, { bytes, entry, headers });
  } catch (error) {
    return answerProblem(c, { ...loggedProblem(error, log), status: 500 }, { "cache-control": "no-store" });
  }
}

interface AnsweredBytes {
  readonly bytes: Uint8Array;
  /** Size and checksum of the bytes, see `objectEntry`. */
  readonly entry: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The tag is made from the bytes, so it is strong. */
async function answerBytes({ req }: Context, { bytes, entry, headers }: AnsweredBytes): Promise<Response> {
  return await answerObject(req.raw, {
    size: bytes.length,
    etag: `"${entry.replace(" ", "-")}"`,
    headers,
    read: ({ offset, length }) => bytes.subarray(offset, offset + length),
  });
}
