/** How long the stores of a job are waited for: not at all while somebody waits for its plan, for long once it is under way. */
import type { StoreEnvironment } from "shared/storage/store_environment.ts";

/** The patience of one job, which its stores share. */
export interface JobPatience {
  /** Milliseconds. */
  awayMs: number;
  /** Told whenever a store is away. */
  onAway: (message: string) => void;
}

/** An environment for one job, and its patience, which is none at first. */
export function withPatience(environment: StoreEnvironment): {
  readonly environment: StoreEnvironment;
  readonly patience: JobPatience;
} {
  const patience: JobPatience = { awayMs: 0, onAway: () => {} };
  return { environment: { ...environment, guard: { ...environment.guard, patience } }, patience };
}
