/** Seeing to it that each job has exactly one living driver. */

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

/** Where one process drives all jobs of a store: this one. */
export function ownDispatcher(driver: Driver, log: (line: string) => void): Dispatcher {
  return {
    dispatch: (id) => {
      driver.drive(id).catch((error) => log(`job ${id} is left for later: ${error.message}`));
      return Promise.resolve();
    },
    cancel: (id) => driver.cancel(id),
  };
}
