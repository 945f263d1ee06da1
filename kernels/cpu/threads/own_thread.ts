/**
 * The calling thread in place of Workers, where these may share no memory. What else it has to do has its turn between iterations,
 * so that a run can be stopped.
 */
import { ClearstackError } from "shared/errors.ts";
import type { Job, Outcome, ThreadSetup } from "./messages.ts";
import { ThreadProgram } from "./thread_program.ts";

/** Longest time without a turn for anything else but an iteration, milliseconds. */
const TURN_MILLISECONDS = 20;

/** Does jobs as a `WorkerPool` does. */
export class OwnThread {
  readonly #program: ThreadProgram;
  #closed: { readonly reason: unknown } | undefined;

  constructor(setup: Omit<ThreadSetup, "thread">) {
    this.#program = new ThreadProgram({ ...setup, thread: 0 });
  }

  /** Runs a job. One job at a time. */
  async execute(job: Job): Promise<Outcome> {
    const steps = this.#program.steps(job);
    for (let turn = performance.now();;) {
      if (this.#closed) throw this.#closed.reason;
      const { done, value } = steps.next();
      if (done) return value;
      if (performance.now() - turn < TURN_MILLISECONDS) continue;
      await new Promise((resolve) => setTimeout(resolve));
      turn = performance.now();
    }
  }

  /** Ends what runs after its iteration; it and later jobs fail with `reason`. */
  close(reason: unknown = new ClearstackError("cancelled", "the deconvolver was closed")): void {
    this.#closed ??= { reason };
  }
}
