/** Jobs and plans over HTTP. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { JobRunner } from "shared/engine/job_runner.ts";
import { EVENT_STREAM_HEADERS, eventStream, lastEventId } from "shared/http/event_stream.ts";
import type { Env } from "./env.ts";
import * as routes from "./routes.ts";
import type { AllowedUrls } from "./url_policy.ts";
import { checkAllowedUrls } from "./url_policy.ts";

/** What the endpoints need. */
export interface JobEndpointsDeps {
  readonly jobs: JobRunner;
  /** Where sources, PSFs and outputs may lie. */
  readonly allowedUrls: AllowedUrls;
  /** Comments are sent on quiet event streams this often. @default {15000} */
  readonly heartbeatMilliseconds?: number;
}

/** Adds them to the application. */
export function addJobEndpoints(
  app: OpenAPIHono<Env>,
  { jobs, allowedUrls, heartbeatMilliseconds }: JobEndpointsDeps,
): void {
  app.openapi(routes.submitJob, async (c) => {
    const request = c.req.valid("json");
    checkAllowedUrls(request, allowedUrls);
    const status = await jobs.submit(request);
    return c.json(status, 202, { location: `/v1/jobs/${status.id}` });
  });
  app.openapi(routes.planJob, async (c) => {
    const request = c.req.valid("json");
    checkAllowedUrls(request, allowedUrls);
    return c.json(await jobs.plan(request), 200);
  });
  app.openapi(routes.listJobs, async (c) => c.json({ jobs: await jobs.list(c.req.valid("query").limit) }, 200));
  app.openapi(routes.getJob, async (c) => c.json(await jobs.get(c.req.valid("param").id), 200));
  app.openapi(routes.cancelJob, async (c) => c.json(await jobs.cancel(c.req.valid("param").id), 200));
  app.openapi(routes.jobEvents, async (c) => {
    const controller = new AbortController();
    const after = lastEventId(c.req.raw.headers);
    const position = after === undefined ? {} : { after };
    const events = await jobs.events(c.req.valid("param").id, { ...position, signal: controller.signal });
    const heartbeat = heartbeatMilliseconds === undefined ? {} : { heartbeatMilliseconds };
    return c.body(eventStream(events, { controller, ...heartbeat }), 200, EVENT_STREAM_HEADERS);
  });
}
