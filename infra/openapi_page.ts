/**
 * Writes docs/openapi.json, the description of the HTTP service that clients can be generated from.
 *
 *     deno run -A infra/openapi_page.ts
 */
import { createApiApp } from "functions/api/app.ts";
import type { EventEndpointDeps } from "functions/api/events/endpoint.ts";
import type { JobRunner } from "shared/engine/job_runner.ts";
import type { ViewRunner } from "shared/engine/view_runner.ts";
import { writePage } from "./write_page.ts";

/** The document of a service with every endpoint, upload events included. */
export async function openApiPage(): Promise<string> {
  // None is called: only the description is asked for.
  const [jobs, views, events] = [{} as JobRunner, {} as ViewRunner, {} as EventEndpointDeps];
  const app = createApiApp({ jobs, views, allowedUrls: "any", events });
  const document = await (await app.request("/openapi.json")).json();
  return JSON.stringify(document, null, 2);
}

if (import.meta.main) await writePage(new URL("../docs/openapi.json", import.meta.url).pathname, await openApiPage());
