/** Puts the parts of the events endpoint together. */
import type { JobRunner } from "shared/engine/job_runner.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import { ClearstackError, toClearstackError } from "shared/errors.ts";
import { openStore } from "shared/storage/open_store.ts";
import type { Store } from "shared/storage/store.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { plainLog } from "shared/telemetry/log.ts";
import { mapPastBusy } from "../map_past_busy.ts";
import { imageKey, QuotaGate } from "../quota_gate.ts";
import type { AllowedUrls } from "../url_policy.ts";
import type { EventEndpointDeps } from "./endpoint.ts";
import { EventInbox, mayMend } from "./event_inbox.ts";
import { readEventConfiguration } from "./read_event_configuration.ts";
import { SenderKeys } from "./proofs/sender_keys.ts";

/** Inputs of the job. */
export interface OpenEventsOptions extends Pick<StoreAccess, "environment"> {
  /** The configuration, or where it lies. */
  readonly rules: string;
  /** Keeps accepted events until the job runner has them. */
  readonly store: Store;
  readonly jobs: JobRunner;
  readonly allowedUrls: AllowedUrls;
  /** @default {plainLog} */
  readonly log?: (line: string) => void;
}

/**
 * Reads the configuration and takes up what an earlier process left.
 *
 * @throws {ClearstackError} `invalid-request` or `not-found` for a configuration that cannot be used
 */
export async function openEvents(
  { rules, store, jobs, allowedUrls, environment, log }: OpenEventsOptions,
): Promise<EventEndpointDeps> {
  const configuration = await readEventConfiguration(rules, environment);
  const logging = log ? { log } : {};
  const gate = new QuotaGate(jobs);
  const inbox = new EventInbox({
    store,
    submit: async ({ request, owner, quotas, key, upload }) => {
      const principal = { id: owner, roles: ["submit" as const], quotas };
      // One after the other, within the quota of jobs at once: what is over it is handed over later, and what is a job already
      // stays that job.
      await mapPastBusy(await seriesOf(gate, request), 1, async (one) => {
        const named = request.source.series === undefined ? { idempotencyKey: key } : imageKey(one, key);
        const { id, error } = await gate.submit(one, principal, { owner, ...named, keepFailure: true });
        if (error) {
          (log ?? plainLog)(`the upload of ${upload.key} to ${upload.bucket}: job ${id} failed: ${error.message}`);
        }
      });
    },
    ...logging,
  });
  await inbox.sweep();
  return { configuration, inbox, keys: new SenderKeys(), allowedUrls, ...logging };
}

/** The requests for all images; where these cannot be listed for good, the one that is refused, so that it is a failed job. */
async function seriesOf(gate: QuotaGate, request: JobRequest): Promise<readonly JobRequest[]> {
  try {
    return await gate.series(request);
  } catch (thrown) {
    const error = toClearstackError(thrown);
    if (mayMend(error)) throw error;
    return [request];
  }
}

/**
 * Reads CLEARSTACK_EVENT_RULES and CLEARSTACK_EVENT_INBOX.
 *
 * @returns undefined where no rules are configured
 * @throws {ClearstackError} as {@link openEvents}, and for rules without an inbox
 */
export async function openConfiguredEvents(
  env: (name: string) => string | undefined,
  parts: Pick<OpenEventsOptions, "jobs" | "allowedUrls" | "environment">,
): Promise<EventEndpointDeps | undefined> {
  const rules = env("CLEARSTACK_EVENT_RULES");
  if (!rules) return undefined;
  const inbox = env("CLEARSTACK_EVENT_INBOX");
  if (inbox) return await openEvents({ rules, store: openStore(inbox, parts), ...parts });
  throw new ClearstackError(
    "invalid-request",
    "CLEARSTACK_EVENT_RULES needs CLEARSTACK_EVENT_INBOX, a folder or URL where accepted events outlive this process",
  );
}
