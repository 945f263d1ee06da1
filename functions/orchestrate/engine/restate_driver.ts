/**
 * The workflow by which a Restate server sees to it that each job has exactly one living driver, started again when it dies. Its
 * input is the id alone; its body is the run of the job, which goes on from what is recorded; nothing of it is journalled but
 * that it was done.
 */
import {
  RestatePromise,
  workflow,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@restatedev/restate-sdk/fetch";
import { connect, HttpCallError, Opts, SendOpts } from "@restatedev/restate-sdk-clients";
import { ClearstackError } from "shared/errors.ts";
import { onAbort } from "shared/process/on_abort.ts";
import type { Dispatcher, Driver } from "../drive/dispatcher.ts";

/** Name of the workflow. Its handlers and steps must not change while jobs of an earlier version may be under way. */
const DRIVER = "clearstack_driver";

/**
 * A drive is silent from its beginning to its end, so silence is no reason to end it: a broken connection is noticed by HTTP/2's
 * pings. Of a job that has ended nothing is worth keeping.
 */
const OPTIONS = {
  inactivityTimeout: { days: 365 },
  abortTimeout: { minutes: 10 },
  workflowRetention: { minutes: 10 },
  journalRetention: 0,
  retryPolicy: { initialInterval: 200, exponentiationFactor: 2, maxInterval: 10_000, maxAttempts: 1_000_000_000 },
} as const;

const CANCEL = "cancel";
const SEND_MS = 10_000;

/** The workflow, over the driver of this process. */
export function driverWorkflow(driver: Promise<Driver>) {
  return workflow({
    name: DRIVER,
    options: OPTIONS,
    handlers: {
      run: async (context: WorkflowContext): Promise<void> => {
        const id = context.key;
        const leave = new AbortController();
        const ended = context.request().attemptCompletedSignal;
        // The server has gone, or has given the job to another process.
        onAbort(ended, () => leave.abort());
        if (ended.aborted) throw new Error("the server has gone");
        const driven = context.run("drive", async () => await (await driver).drive(id, leave.signal));
        const cancelled = context.promise<boolean>(CANCEL).get();
        const first = await RestatePromise.race([driven.map(() => "driven"), cancelled.map(() => CANCEL)]);
        if (first !== CANCEL) return;
        await (await driver).cancel(id);
        await driven;
      },
      cancel: async (context: WorkflowSharedContext): Promise<void> => {
        await context.promise<boolean>(CANCEL).resolve(true);
      },
    },
  });
}

/** @param ingressUrl URL at which the server takes invocations */
export function restateDispatcher(ingressUrl: string): Dispatcher {
  const connection = connect({ url: ingressUrl.replace(/\/+$/, "") });
  const send = async (key: string, handler: "run" | "cancel") => {
    const target = { service: DRIVER, key, handler, parameter: undefined };
    try {
      if (handler === "cancel") await connection.call({ ...target, opts: Opts.from({ timeout: SEND_MS }) });
      else await connection.send({ ...target, opts: SendOpts.from({ timeout: SEND_MS }) });
    } catch (cause) {
      // Whoever asked before has got the job driven.
      if (cause instanceof HttpCallError && cause.status === 409) return;
      throw new ClearstackError("store-unavailable", `the Restate server at ${ingressUrl} does not take the job`, {
        cause,
      });
    }
  };
  return { dispatch: (id) => send(id, "run"), cancel: (id) => send(id, "cancel") };
}
