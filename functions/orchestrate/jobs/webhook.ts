/**
 * Messages that a job has ended, signed as Standard Webhooks says (https://www.standardwebhooks.com): `webhook-id`,
 * `webhook-timestamp`, and `webhook-signature`, the HMAC-SHA256 of `ID.TIMESTAMP.BODY`.
 */
import type { JobStatus } from "shared/contract/job_status.ts";
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { hmac, ownerWebhookKey, parseWebhookSecret } from "shared/keys/webhook_secret.ts";
import { pause } from "shared/process/pause.ts";
import { onAbort } from "shared/process/on_abort.ts";

/** Settings of {@link Webhooks}. */
export interface WebhooksOptions {
  /** `whsec_` and the secret in base64; without one nothing is sent. */
  readonly secret?: string | undefined;
  readonly send: (url: string, init: RequestInit) => Promise<Response>;
  /** Pauses before the second attempt and each later one. @default {about four minutes in all} */
  readonly pausesMs?: readonly number[];
}

const PAUSES = [2_000, 10_000, 30_000, 60_000, 120_000];

/** Longest time for one answer. */
const TIMEOUT = 15_000;

/** Sends the messages of jobs. */
export class Webhooks {
  readonly #key: Uint8Array<ArrayBuffer> | undefined;
  readonly #send: (url: string, init: RequestInit) => Promise<Response>;
  readonly #pauses: readonly number[];

  /** @throws {ClearstackError} `invalid-request` for a malformed secret */
  constructor({ secret, send, pausesMs = PAUSES }: WebhooksOptions) {
    this.#key = secret === undefined ? undefined : parseWebhookSecret(secret);
    this.#send = send;
    this.#pauses = pausesMs;
  }

  /** @throws {ClearstackError} `invalid-request` if no messages can be sent */
  requireSecret(): void {
    if (this.#key) return;
    throw new ClearstackError(
      "invalid-request",
      "this service sends no webhooks: leave webhook out, or ask whoever runs it to set CLEARSTACK_WEBHOOK_SECRET",
    );
  }

  /**
   * Posts the message until it is accepted, refused for good, or all attempts are used up.
   *
   * @returns undefined if it was aborted before
   */
  async deliver(url: string, status: JobStatus, signal: AbortSignal): Promise<"delivered" | "given-up" | undefined> {
    const key = await ownerWebhookKey(this.#key!, status.owner);
    const body = JSON.stringify({ type: `job.${status.state}`, timestamp: status.updated, data: status });
    for (const wait of [...this.#pauses, undefined]) {
      const outcome = await this.#attempt(url, { id: `msg_${status.id}`, key, body, signal });
      if (outcome !== "again" || signal.aborted) return outcome === "again" ? undefined : outcome;
      if (wait === undefined) break;
      await pause(wait * (0.75 + Math.random() / 2), signal);
      if (signal.aborted) return undefined;
    }
    return "given-up";
  }

  async #attempt(
    url: string,
    { id, key, body, signal }: {
      readonly id: string;
      readonly key: Uint8Array<ArrayBuffer>;
      readonly body: string;
      readonly signal: AbortSignal;
    },
  ): Promise<"delivered" | "given-up" | "again"> {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const headers = {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": `v1,${(await hmac(key, `${id}.${timestamp}.${body}`)).toBase64()}`,
    };
    const stop = new AbortController();
    const abort = () => stop.abort();
    const timer = setTimeout(abort, TIMEOUT);
    using _listening = onAbort(signal, abort);
    try {
      const response = await this.#send(url, {
        method: "POST",
        headers,
        body,
        redirect: "manual",
        signal: stop.signal,
      });
      await response.body?.cancel();
      if (response.ok) return "delivered";
      return response.status === 410 ? "given-up" : "again";
    } catch (error) {
      return isClearstackError(error, "forbidden") ? "given-up" : "again";
    } finally {
      clearTimeout(timer);
    }
  }
}
