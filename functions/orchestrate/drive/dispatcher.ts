/** Seeing to it that each job has exactly one living driver. */
import { toClearstackError } from "shared/errors.ts";
import type { Log } from "shared/telemetry/log.ts";
import { pause } from "shared/process/pause.ts";

/** Hands jobs to the processes that drive them. */
export interface Dispatcher {
  /**
   * Has a job driven to its end, by this process or another, again where a driver dies. Asking twice changes nothing.
   *
   * @throws {ClearstackError} `store-unavailable` if whoever hands jobs out cannot be reached
   */
  dispatch(id: string): Promise<void>;
  /** Has the driver of a job cancel it; does not wait for the end. */
  cancel(id: string): Promise<void>;
}

/** A process's part in driving. */
export interface Driver {
  /** Drives a job until nothing is left to do for it; `signal` ends that, and it rejects: another process is to go on. */
  drive(id: string, signal?: AbortSignal): Promise<void>;
  /** Cancels a job that this process drives. */
  cancel(id: string): Promise<void>;
}

/** Between two attempts to drive a job whose record cannot be read or written. */
const AGAIN_MS = 2000;

interface OwnDispatcherOptions {
  readonly log: Log;
  /** Fires when this process ends. */
  readonly closing: AbortSignal;
  /** True as long as the jobs are this process's to drive. @default {always} */
  readonly drives?: () => boolean;
}

/** Where one process drives all jobs of a store: this one. */
export function ownDispatcher(
  driver: Driver,
  { log, closing, drives = () => true }: OwnDispatcherOptions,
): Dispatcher {
  const drive = async (id: string) => {
    for (let told = ""; !closing.aborted && drives(); await pause(AGAIN_MS, closing)) {
      try {
        return await driver.drive(id);
      } catch (error) {
        const { kind, message, retryable } = toClearstackError(error);
        if (!closing.aborted && message !== told) log(`job ${id} is left for later: ${message}`, { level: "warn" });
        told = message;
        // A job may be lost to a process that does not know yet that it was taken for dead: it is going to leave it.
        if (kind === "no-device") continue;
        // Nobody can: what is damaged does not mend itself.
        if (!retryable) return;
      }
    }
  };
  return {
    dispatch: (id) => {
      void drive(id);
      return Promise.resolve();
    },
    cancel: (id) => driver.cancel(id),
  };
}
