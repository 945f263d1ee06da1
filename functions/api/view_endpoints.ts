/** Views over HTTP. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { View } from "shared/contract/views/view.ts";
import type { JobRunner } from "shared/engine/job_runner.ts";
import type { ViewRunner } from "shared/engine/view_runner.ts";
import { EVENT_STREAM_HEADERS, lastEventId } from "shared/http/event_stream.ts";
import type { Role } from "shared/keys/role.ts";
import { hasRole, requireRole } from "./auth/require_role.ts";
import type { Env } from "./env.ts";
import { ownerOf, visible } from "./job_access.ts";
import type { Principal } from "./principal.ts";
import { type AllowedUrls, checkAllowedInput, checkAllowedInputs } from "./url_policy.ts";
import * as routes from "./view_routes.ts";

/** Dependencies of the endpoints. */
interface ViewEndpointsDeps {
  readonly views: ViewRunner;
  readonly jobs: JobRunner;
  /** Places where sources and PSFs may lie. */
  readonly allowedUrls: AllowedUrls;
  /** Comments are sent on quiet event streams this often. @default {15000} */
  readonly heartbeatMs?: number | undefined;
}

/** Adds them to the application. */
export function addViewEndpoints(
  app: OpenAPIHono<Env>,
  { views, jobs, allowedUrls, heartbeatMs }: ViewEndpointsDeps,
): void {
  async function find(principal: Principal, id: string, role: Role): Promise<View> {
    requireRole(principal, role);
    return visible(principal, await views.get(id), "view");
  }
  app.openapi(routes.createView, async (c) => {
    requireRole(c.var.principal, "submit");
    const request = c.req.valid("json");
    const { principal, planSignal: signal } = c.var;
    if ("job" in request) visible(principal, await jobs.get(request.job));
    else checkAllowedInputs(request, allowedUrls);
    const { liveJobs: _, requests: __, ...quotas } = principal.quotas ?? {};
    const view = await views.create(request, { ...ownerOf(principal), quotas, signal });
    return c.json(withOrigin(view, c.req.url), 201, { location: `/v1/views/${view.id}` });
  });
  app.openapi(routes.showImage, async (c) => {
    requireRole(c.var.principal, "submit");
    const image = c.req.valid("json");
    checkAllowedInput(image, allowedUrls);
    const shown = await views.show(image, { signal: c.var.planSignal });
    return c.json({ ...shown, url: new URL(shown.url, c.req.url).href }, 200);
  });
  app.openapi(routes.listViews, async (c) => {
    const { principal } = c.var;
    requireRole(principal, "read");
    const { views: all } = await views.list(hasRole(principal, "admin") ? {} : { owner: principal.id });
    return c.json({ views: all.map((view) => withOrigin(view, c.req.url)) }, 200);
  });
  app.openapi(routes.getView, async (c) => {
    const view = await find(c.var.principal, c.req.valid("param").id, "read");
    return c.json(withOrigin(view, c.req.url), 200);
  });
  app.openapi(routes.deleteView, async (c) => {
    const { id } = await find(c.var.principal, c.req.valid("param").id, "submit");
    await views.remove(id);
    return c.body(null, 204);
  });
  app.openapi(routes.viewEvents, async (c) => {
    const after = lastEventId(c.req.raw.headers);
    const { id } = await find(c.var.principal, c.req.valid("param").id, "read");
    const position = after === undefined ? {} : { after };
    const heartbeat = heartbeatMs === undefined ? {} : { heartbeatMs };
    return c.body(await views.events(id, { ...position, ...heartbeat }), 200, EVENT_STREAM_HEADERS);
  });
}

/** The view with whole URLs: where views are served by this very process, at the origin that the caller knows it by. */
function withOrigin(view: View, requested: string): View {
  const whole = (url: string) => new URL(url, requested).href;
  const { urls } = view;
  return { ...view, urls: { "0.5": whole(urls["0.5"]), "0.4": whole(urls["0.4"]), "events": whole(urls.events) } };
}
