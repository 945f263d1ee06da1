/** Remembers how small tasks must be to fit the device, so that those that follow do not fail first. */

/** A task, and how often it was made smaller. */
export interface FittedTask<Task> {
  readonly original: Task;
  readonly task: Task;
  readonly times: number;
}

/** Makes the tasks of one fan-out smaller. */
export class TaskSplitter<Task> {
  readonly #smaller: (task: Task) => Task | undefined;
  #times = 0;

  /** @param smaller the task made smaller once; undefined if that cannot be */
  constructor(smaller: ((task: Task) => Task | undefined) | undefined) {
    this.#smaller = smaller ?? (() => undefined);
  }

  /** A task at the size that has fitted so far, or as small as it gets. */
  fitted(original: Task): FittedTask<Task> {
    let [task, times] = [original, 0];
    for (; times < this.#times; times++) {
      const next = this.#smaller(task);
      if (next === undefined) break;
      task = next;
    }
    return { original, task, times };
  }

  /** The task at the next size down, which those that follow begin with; undefined if there is none. */
  smaller({ original, task, times }: FittedTask<Task>): FittedTask<Task> | undefined {
    const next = this.#smaller(task);
    if (next === undefined) return undefined;
    this.#times = Math.max(this.#times, times + 1);
    return { original, task: next, times: times + 1 };
  }
}
