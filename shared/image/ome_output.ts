import type { JobRequest, JobResult, Plan, TileReport } from "../contract.ts";
import { ClearstackError } from "../errors.ts";

/** The OME-Zarr a job writes, from before its first tile to after its last. */
export interface Output {
  /** Without user, password and query. */
  readonly url: string;
  /** Array that the tiles go to, inside the output. */
  readonly array: string;
  /** Tiles finished by earlier runs of the same plan. */
  readonly tilesDone: ReadonlySet<number>;
  /** True if this run found an unfinished or finished output of the same plan and goes on with it. */
  readonly resumed: boolean;
  /** Result of the earlier run, where the output was already complete. */
  readonly earlierResult?: JobResult;
  /** Writes the metadata that makes the output visible, then the done record. */
  finish(result: JobResult, reports?: readonly TileReport[]): Promise<void>;
  /** Removes everything if this run started the output; leaves what an earlier run had begun. */
  discard(): Promise<void>;
}

/** Creates the output of a job, or continues one, as `request.output.ifExists` says. */
export function createOutput(_plan: Plan, _request: JobRequest): Promise<Output> {
  throw new ClearstackError("internal", "not available yet");
}
