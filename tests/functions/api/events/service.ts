/** The endpoint over a job runner that keeps what it is given. */
import { createApiApp } from "functions/api/app.ts";
import type { Auth } from "functions/api/auth/auth.ts";
import type { EventConfiguration } from "functions/api/events/read_event_configuration.ts";
import { EventInbox } from "functions/api/events/event_inbox.ts";
import { EventRules } from "functions/api/events/match_event.ts";
import { EventRuleSchema } from "functions/api/events/event_rules.ts";
import type { Limits } from "functions/api/limits.ts";
import type { AllowedUrls } from "functions/api/url_policy.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { JobRunner, SubmitOptions } from "shared/engine/job_runner.ts";
import type { Store } from "shared/storage/store.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import type { Recorded } from "./deliveries.ts";
import { Senders, SOURCES } from "./deliveries.ts";
import { openStore } from "../../../stores.ts";

/** Jobs by their idempotency keys, as a runner keeps them. */
export type Submitted = Map<string, { readonly request: JobRequest; readonly owner: string | undefined }>;

/** Rules for TIFFs of every provider. */
export const TIFF_RULES = ["uploads", "facility/uploads"].map((bucket) =>
  EventRuleSchema.parse({
    ...{ bucket, key: "**", when: "tiff" },
    job: { psf: "s3://psfs/water.tif", output: "s3://results/{key}.zarr" },
  })
);

/** What to serve with. */
export interface ServiceOptions {
  readonly allowedUrls?: AllowedUrls;
  readonly store?: Store;
  readonly capacity?: number;
  readonly sources?: EventConfiguration["sources"];
  readonly submit?: JobRunner["submit"];
  readonly corsOrigins?: readonly string[];
  readonly auth?: Auth;
  readonly limits?: Partial<Limits>;
}

/** A service whose jobs are written down and do not run. */
export function eventService(options: ServiceOptions = {}) {
  const { allowedUrls = "any", sources = SOURCES, store = openStore(memoryUrl()), capacity = 1000 } = options;
  const submitted: Submitted = new Map();
  const submit = (request: JobRequest, { idempotencyKey = "", owner }: SubmitOptions) => {
    submitted.set(idempotencyKey, { request, owner });
    return Promise.resolve();
  };
  const log: string[] = [];
  const write = (line: string) => void log.push(line);
  const inbox = new EventInbox({
    ...{ store, capacity, log: write, retryMs: 1 },
    submit: ({ request, key, owner }) => (options.submit ?? submit)(request, { idempotencyKey: key, owner }),
  });
  const senders = new Senders();
  const configuration = { sources, rules: new EventRules(TIFF_RULES) };
  const events = { configuration, inbox, keys: senders.keys, allowedUrls, log: write };
  const app = createApiApp({
    jobs: NO_JOBS,
    allowedUrls,
    events,
    log: write,
    corsOrigins: options.corsOrigins ?? [],
    auth: options.auth,
    limits: options.limits ?? {},
  });
  const post = async ({ headers, body }: Recorded, query = "") =>
    await app.request(`/v1/events${query}`, {
      method: "POST",
      headers,
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  return { app, post, submitted, inbox, senders, log };
}

/** A runner that nothing of these tests reaches. */
const NO_JOBS = new Proxy({} as JobRunner, {
  get: (_, name) => () => Promise.reject(new Error(`${String(name)} was not expected`)),
});
