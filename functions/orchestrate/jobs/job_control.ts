/** Settings of job control, from the environment. */
import { ClearstackError } from "shared/errors.ts";
import { timeSetting } from "shared/time_setting.ts";
import type { Price } from "../plan/throughput.ts";

/** A restart of a store, or a machine that is replaced, takes no longer. */
const DEFAULT_AWAY_MS = 600_000;

/** Settings for keeping jobs, telling of them and charging for them. */
export interface JobControl {
  /** Name of this runner, the same after a restart, so that it goes on at once with what it had. @default a new one */
  readonly instance?: string;
  /** Signs webhooks; without it there are none. */
  readonly webhookSecret?: string;
  readonly price?: Price;
  /** Records of jobs that ended longer ago are removed; without it none are. */
  readonly retentionMs?: number;
  /** A store or a function that is away is waited for so long, milliseconds. */
  readonly awayMs: number;
  /** Encrypts the requests in the store. */
  readonly stateKey?: string;
}

/**
 * Reads CLEARSTACK_RUNNER, CLEARSTACK_WEBHOOK_SECRET, CLEARSTACK_PRICE_PER_GPU_SECOND with CLEARSTACK_CURRENCY (default USD),
 * CLEARSTACK_RETENTION (such as 30d), CLEARSTACK_PATIENCE (default 10m) and CLEARSTACK_STATE_KEY.
 *
 * @throws {ClearstackError} `invalid-request` naming the variable
 */
export function readJobControl(env: (name: string) => string | undefined): JobControl {
  const given = <Key extends keyof JobControl>(key: Key, value: JobControl[Key]) =>
    value === undefined ? {} : { [key]: value };
  return {
    ...given("instance", env("CLEARSTACK_RUNNER")),
    ...given("webhookSecret", env("CLEARSTACK_WEBHOOK_SECRET")),
    ...given("price", readPrice(env("CLEARSTACK_PRICE_PER_GPU_SECOND"), env("CLEARSTACK_CURRENCY") ?? "USD")),
    ...given("retentionMs", timeSetting(env, "CLEARSTACK_RETENTION")),
    awayMs: timeSetting(env, "CLEARSTACK_PATIENCE") ?? DEFAULT_AWAY_MS,
    ...given("stateKey", env("CLEARSTACK_STATE_KEY")),
  };
}

function readPrice(text: string | undefined, currency: string): Price | undefined {
  if (text === undefined) return undefined;
  const perGpuSecond = Number(text);
  if (text.trim() === "" || !Number.isFinite(perGpuSecond) || perGpuSecond < 0) {
    throw new ClearstackError(
      "invalid-request",
      `CLEARSTACK_PRICE_PER_GPU_SECOND "${text}": expected a price, such as 0.0011`,
    );
  }
  if (!/^[A-Z]{3}$/.test(currency)) {
    throw new ClearstackError(
      "invalid-request",
      `CLEARSTACK_CURRENCY "${currency}": expected a code, such as USD or EUR`,
    );
  }
  return { perGpuSecond, currency };
}
