/** `POST /v1/events`: object stores tell of uploads, and rules start jobs. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { ClearstackError, toClearstackError } from "shared/errors.ts";
import { httpProblem, problemResponse } from "shared/http/problem.ts";
import { plainLog } from "shared/telemetry/log.ts";
import { UPLOADS } from "shared/telemetry/metrics.ts";
import type { Env } from "../env.ts";
import { problem } from "../routes.ts";
import { type AllowedUrls, checkAllowedUrls } from "../url_policy.ts";
import { RETRY_AFTER_SECONDS } from "./limit_senders.ts";
import type { Delivery } from "./formats/event_format.ts";
import type { EventInbox } from "./event_inbox.ts";
import { authenticateProbe, normalise } from "./formats/normalise.ts";
import type { EventConfiguration } from "./read_event_configuration.ts";
import type { SenderKeys } from "./proofs/sender_keys.ts";
import { type UploadEvent, uploadKey } from "./formats/upload_event.ts";

export const EVENTS_PATH = "/v1/events";

/** Refused uploads of one delivery that the answer says more of. */
const MAX_REASONS = 8;

/** Dependencies of the endpoint. */
export interface EventEndpointDeps {
  readonly configuration: EventConfiguration;
  readonly inbox: EventInbox;
  readonly keys: SenderKeys;
  /** Places where sources, PSFs and outputs of these jobs may lie. */
  readonly allowedUrls: AllowedUrls;
  /** Told why an upload was refused. @default {plainLog} */
  readonly log?: (line: string) => void;
}

const OutcomeDoc = z.strictObject({
  accepted: z.int().describe("uploads that start a job, or have started one before"),
  ignored: z.int().describe("uploads that no rule is for"),
  refused: z.int().describe("uploads whose event, key or job is not allowed"),
  reasons: z.array(z.string()).optional().describe("why some of them were refused"),
}).meta({ id: "EventOutcome" });

const receiveEvents = createRoute({
  method: "post",
  path: EVENTS_PATH,
  operationId: "receiveEvents",
  summary: "Tell of uploads",
  security: [],
  description:
    "For object stores: Amazon SNS, S3 records (Ceph), MinIO, Amazon EventBridge, Google Pub/Sub, CloudEvents " +
    "(Eventarc, Knative, Event Grid) and Azure Event Grid, each with its own authentication.",
  responses: {
    200: {
      description: "The answer to a request to confirm",
      content: { "application/json": { schema: z.record(z.string(), z.string()) } },
    },
    202: {
      description: "The uploads. Those that are refused will be refused again, so they are not to be sent again",
      content: { "application/json": { schema: OutcomeDoc } },
    },
    400: problem("The body is no event of a known format"),
    401: problem("The sender did not prove who they are"),
    403: problem("A sender or a format that is not accepted"),
    413: problem("The body is too large"),
    500: problem("A defect of the service"),
    503: problem("Not now: send it again"),
  },
});

/** Adds it to the application. */
export function addEventEndpoint(app: OpenAPIHono<Env>, deps: EventEndpointDeps): void {
  app.use(EVENTS_PATH, async (c, next) => {
    await next();
    if (c.error) tellSenders(c, toClearstackError(c.error));
  });
  app.openapi(receiveEvents, async (c) => {
    const outcome = await receive(await deliveryOf(c), deps);
    return "answer" in outcome ? c.json(outcome.answer, 200) : c.json(outcome.counts, 202);
  });
  app.on("OPTIONS", EVENTS_PATH, async (c) => {
    const origin = c.req.header("webhook-request-origin");
    if (origin === undefined) return c.body(null, 204, { allow: ALLOW });
    if (!/^[A-Za-z0-9.:-]{1,253}$/.test(origin)) {
      throw new ClearstackError("invalid-request", "WebHook-Request-Origin must be the name of a host");
    }
    await authenticateProbe(await deliveryOf(c), deps.configuration.sources, deps.keys);
    return c.body(null, 200, { "webhook-allowed-origin": origin, "webhook-allowed-rate": "*", allow: "POST" });
  });
  // MinIO asks whether anybody is there before it sends; HEAD is routed as GET.
  app.get(EVENTS_PATH, (c) => c.req.raw.method === "HEAD" ? c.body(null, 200) : refuseMethod(c));
  app.all(EVENTS_PATH, refuseMethod);
}

const ALLOW = "HEAD, OPTIONS, POST";

async function receive(
  delivery: Delivery,
  deps: EventEndpointDeps,
): Promise<{ readonly answer: Record<string, string> } | { readonly counts: z.infer<typeof OutcomeDoc> }> {
  const { configuration, inbox, keys, allowedUrls, log = plainLog } = deps;
  const normalised = await normalise(delivery, configuration.sources, keys);
  if ("answer" in normalised) return normalised;
  const counts = { accepted: 0, ignored: 0 };
  const refused = [...normalised.refused];
  for (const upload of normalised.uploads) {
    const outcome = await takeIn(upload, { configuration, inbox, allowedUrls });
    if (typeof outcome === "string") counts[outcome]++;
    else refused.push(outcome);
  }
  for (const [outcome, count] of Object.entries({ ...counts, refused: refused.length })) {
    UPLOADS.told.add(count, { outcome });
  }
  for (const { message } of refused) log(`an upload was refused: ${message}`);
  const reasons = refused.slice(0, MAX_REASONS).map(({ message }) => message);
  // No error: MinIO, Ceph and Pub/Sub send again what is answered by one, and MinIO nothing else until then.
  return { counts: { ...counts, refused: refused.length, ...(reasons.length > 0 ? { reasons } : {}) } };
}

/** Hands an upload to the inbox; the error where it may not have a job. */
async function takeIn(
  upload: UploadEvent,
  { configuration: { rules }, inbox, allowedUrls }: Pick<EventEndpointDeps, "configuration" | "inbox" | "allowedUrls">,
): Promise<"accepted" | "ignored" | ClearstackError> {
  const job = unlessRefused(() => rules.job(upload));
  if (job === undefined) return "ignored";
  if (job instanceof ClearstackError) return job;
  const entry = { key: await uploadKey(upload), upload, ...job, received: new Date().toISOString() };
  const refusal = unlessRefused(() => checkAllowedUrls(job.request, allowedUrls));
  if (refusal === undefined) await inbox.accept(entry);
  else await inbox.refuse(entry, refusal);
  return refusal ?? "accepted";
}

/** One bad key must not keep others from being heard. */
function unlessRefused<T>(check: () => T): T | ClearstackError {
  try {
    return check();
  } catch (error) {
    return toClearstackError(error);
  }
}

async function deliveryOf(c: Context): Promise<Delivery> {
  const text = await c.req.text();
  const { searchParams: query } = new URL(c.req.url);
  try {
    return { headers: c.req.raw.headers, query, body: text === "" ? undefined : JSON.parse(text) };
  } catch (cause) {
    throw new ClearstackError("invalid-request", "the body is not JSON", { cause });
  }
}

/** Senders take 4xx for final, and send again what is answered by 503. */
function tellSenders(c: Context, error: ClearstackError): void {
  if (error.kind === "unauthenticated") c.header("www-authenticate", "Bearer");
  if (!error.retryable && error.status !== 503) return;
  const detail = `${error.message}: send the event again`;
  c.res = problemResponse(httpProblem(503, "Not now", detail), { "retry-after": `${RETRY_AFTER_SECONDS}` });
}

function refuseMethod(c: Context): Response {
  const detail = `${EVENTS_PATH} does not take ${c.req.raw.method}; it takes ${ALLOW}`;
  return problemResponse(httpProblem(405, "Method not allowed", detail), { allow: ALLOW });
}
