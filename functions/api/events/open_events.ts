/** Puts the parts of the events endpoint together. */
import type { JobRunner } from "shared/engine/job_runner.ts";
import type { Store } from "shared/storage/store.ts";
import type { AllowedUrls } from "../url_policy.ts";
import type { EventEndpointDeps } from "./endpoint.ts";
import { EventInbox } from "./event_inbox.ts";
import { readEventConfiguration } from "./read_event_configuration.ts";
import { SenderKeys } from "./sender_keys.ts";

/** What it is made of. */
export interface OpenEventsOptions {
  /** The configuration, or where it lies. */
  readonly rules: string;
  /** Keeps accepted events until the job runner has them. */
  readonly store: Store;
  readonly jobs: JobRunner;
  readonly allowedUrls: AllowedUrls;
  /** @default {console.error} */
  readonly log?: (line: string) => void;
}

/**
 * Reads the configuration and takes up what an earlier process left.
 *
 * @throws {ClearstackError} `invalid-request` or `not-found` for a configuration that cannot be used
 */
export async function openEvents(
  { rules, store, jobs, allowedUrls, log }: OpenEventsOptions,
): Promise<EventEndpointDeps> {
  const configuration = await readEventConfiguration(rules);
  const logging = log ? { log } : {};
  const inbox = new EventInbox({
    store,
    submit: ({ request, owner, key }) => jobs.submit(request, { owner, idempotencyKey: key }),
    ...logging,
  });
  await inbox.sweep();
  return { configuration, inbox, keys: new SenderKeys(), allowedUrls, ...logging };
}
