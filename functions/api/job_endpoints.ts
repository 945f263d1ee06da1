/** Jobs and plans over HTTP. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { JobStatus } from "shared/contract/job_status.ts";
import { hasEnded, type JobRunner } from "shared/engine/job_runner.ts";
import { ClearstackError } from "shared/errors.ts";
import { EVENT_STREAM_HEADERS, eventStream, lastEventId } from "shared/http/event_stream.ts";
import { requirePriority, requireRole } from "./auth/require_role.ts";
import type { Env } from "./env.ts";
import { listedOwner, ownerOf, visible } from "./job_access.ts";
import { redactUrl } from "shared/storage/url.ts";
import type { Role } from "shared/keys/role.ts";
import type { Principal } from "./principal.ts";
import { QuotaGate } from "./quota_gate.ts";
import * as routes from "./routes.ts";
import { type AllowedUrls, checkAllowedUrls } from "./url_policy.ts";

/** Dependencies of the endpoints. */
export interface JobEndpointsDeps {
  readonly jobs: JobRunner;
  /** Places where sources, PSFs and outputs may lie. */
  readonly allowedUrls: AllowedUrls;
  /** Comments are sent on quiet event streams this often. @default {15000} */
  readonly heartbeatMs?: number;
}

/** Adds them to the application. */
export function addJobEndpoints(
  app: OpenAPIHono<Env>,
  { jobs, allowedUrls, heartbeatMs }: JobEndpointsDeps,
): void {
  const gate = new QuotaGate(jobs);
  async function find(principal: Principal, id: string, role: Role): Promise<JobStatus> {
    requireRole(principal, role);
    return visible(principal, await jobs.get(id));
  }
  function checkMaySubmit(c: Context<Env>, request: JobRequest): void {
    requireRole(c.var.principal, "submit");
    if (c.req.query("dryRun") !== undefined) {
      throw new ClearstackError(
        "invalid-request",
        "jobs are planned without being started by POST /v1/plans: leave dryRun out",
      );
    }
    requirePriority(c.var.principal, request);
    checkAllowedUrls(request, allowedUrls);
  }
  app.openapi(routes.submitJob, async (c) => {
    const request = c.req.valid("json");
    checkMaySubmit(c, request);
    const { principal, planSignal: signal } = c.var;
    const key = c.req.valid("header")["idempotency-key"];
    const idempotency = key === undefined ? {} : { idempotencyKey: key };
    const options = { ...ownerOf(principal), ...idempotency, signal };
    if (request.source.series !== undefined) {
      const started = await gate.submitSeries(request, principal, options);
      const output = encodeURIComponent(redactUrl(request.output.url));
      return c.json({ jobs: started }, 202, { location: `/v1/jobs?output=${output}` });
    }
    const status = await gate.submit(request, principal, options);
    return c.json(status, 202, { location: `/v1/jobs/${status.id}` });
  });
  app.openapi(routes.planJob, async (c) => {
    const request = c.req.valid("json");
    checkMaySubmit(c, request);
    const { principal, planSignal: signal } = c.var;
    if (request.source.series === undefined) return c.json(await gate.plan(request, principal, { signal }), 200);
    return c.json({ plans: await gate.planSeries(request, principal, { signal }) }, 200);
  });
  app.openapi(routes.listJobs, async (c) => {
    requireRole(c.var.principal, "read");
    const query = c.req.valid("query");
    return c.json(await jobs.list({ ...query, ...listedOwner(c.var.principal, query.owner) }), 200);
  });
  app.openapi(routes.getJob, async (c) => c.json(await find(c.var.principal, c.req.valid("param").id, "read"), 200));
  app.openapi(routes.cancelJob, async (c) => {
    const { id } = await find(c.var.principal, c.req.valid("param").id, "submit");
    return c.json(await jobs.cancel(id), 200);
  });
  app.openapi(routes.jobTiles, async (c) => {
    const { id } = await find(c.var.principal, c.req.valid("param").id, "read");
    return c.json(await jobs.tiles(id, { signal: c.req.raw.signal }), 200);
  });
  app.openapi(routes.jobEvents, async (c) => {
    const controller = new AbortController();
    const after = lastEventId(c.req.raw.headers);
    const position = after === undefined ? {} : { after };
    const status = await find(c.var.principal, c.req.valid("param").id, "read");
    if (hasEnded(status) && after === status.sequence) return c.body(null, 204);
    const events = await jobs.events(status.id, { ...position, signal: controller.signal });
    const heartbeat = heartbeatMs === undefined ? {} : { heartbeatMs };
    return c.body(eventStream(events, { controller, ...heartbeat }), 200, EVENT_STREAM_HEADERS);
  });
}
