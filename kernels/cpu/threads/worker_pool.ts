/**
 * Workers that share one memory and do every job together. The calling thread only waits for their messages.
 */
import { ClearstackError } from "shared/errors.ts";
import type { FromWorker, Job, Outcome, ThreadSetup, ToWorker } from "./messages.ts";

export class WorkerPool {
  readonly #workers: Worker[] = [];
  /** Never fulfilled; rejected when the Workers are ended, which they do not tell themselves. */
  readonly #end = Promise.withResolvers<never>();

  private constructor() {
    this.#end.promise.catch(() => {});
  }

  /** Starts one Worker for each thread and waits until all are ready. */
  static async start(setup: Omit<ThreadSetup, "thread">): Promise<WorkerPool> {
    const pool = new WorkerPool();
    for (let thread = 0; thread < setup.threads; thread++) {
      pool.#workers.push(
        new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: `cpu ${thread}` }),
      );
    }
    await pool.#all((thread) => ({ setup: { ...setup, thread } }));
    return pool;
  }

  /** Runs a job in all Workers. One job at a time. */
  async execute(job: Job): Promise<Outcome> {
    const outcomes = await this.#all(() => ({ job }));
    return outcomes[0];
  }

  /** Ends all Workers, whatever they are doing; jobs under way and later ones fail with `reason`. */
  close(reason: unknown = new ClearstackError("cancelled", "the deconvolver was closed")): void {
    for (const worker of this.#workers) worker.terminate();
    this.#end.reject(reason);
  }

  /** One answer of each Worker. After a failure the others may wait for ever at a barrier, so all of them are ended. */
  async #all(message: (thread: number) => ToWorker): Promise<Outcome[]> {
    try {
      const answers = Promise.all(this.#workers.map((worker, thread) => ask(worker, message(thread))));
      return await Promise.race([this.#end.promise, answers]);
    } catch (error) {
      this.close(error);
      throw error;
    }
  }
}

function ask(worker: Worker, message: ToWorker): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(new ClearstackError("internal", `a CPU thread failed: ${reason}`));
    worker.onmessage = ({ data: answer }: MessageEvent<FromWorker>) =>
      "failure" in answer ? fail(answer.failure) : resolve(answer.outcome);
    worker.onerror = (event) => {
      event.preventDefault();
      fail(event.message);
    };
    worker.postMessage(message);
  });
}
