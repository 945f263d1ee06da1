/** The address of the viewer that shows what a job makes of its image. */
import type { JobStatus } from "shared/contract/job_status.ts";
import type { Service } from "./service/service.ts";

/** A link with signed addresses in it, so that the viewer needs no key. */
export async function viewerLink(service: Service, { id, request: { source } }: JobStatus): Promise<string> {
  const [{ urls }, { url: image }] = await Promise.all([service.viewOfJob(id), service.show(source)]);
  return `./?${new URLSearchParams({ image, result: urls["0.5"], events: urls.events })}`;
}
