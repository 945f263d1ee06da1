/** Whose an output is, where callers are told apart: kept beside it as a hash, which no document of the image holds. */
import { ClearstackError } from "shared/errors.ts";
import type { Store } from "shared/storage/store.ts";
import { hashHex } from "./hash.ts";
import type { JobRecord } from "./job_record.ts";

/** Whoever asks for an output. */
export interface Claimant {
  /** @default {nobody is told apart} */
  readonly owner?: string | undefined;
  /** True for an administrator, who may replace and continue outputs of others. @default {false} */
  readonly admin?: boolean | undefined;
}

/** The mark of an owner in the record of a run, which tells nothing of who it is and is another for each run. */
export async function ownerMark(owner: string, run: string): Promise<string> {
  const encoder = new TextEncoder();
  return await hashHex(encoder.encode(owner), encoder.encode(run));
}

/**
 * Refuses an output of somebody else; to be replaced, it must be known to be the claimant's.
 *
 * @throws {ClearstackError} `forbidden`
 */
export async function refuseOthersOutput(
  { url }: Pick<Store, "url">,
  job: Pick<JobRecord, "owner" | "run"> | undefined,
  { owner, admin = false, replaces }: Claimant & { readonly replaces: boolean },
): Promise<void> {
  if (owner === undefined || admin || (job?.owner === undefined && !replaces)) return;
  if (job?.owner !== undefined && job.owner === await ownerMark(owner, job.run)) return;
  throw new ClearstackError(
    "forbidden",
    `${url} holds an output that is not known to be yours, which its owner or an administrator may replace; choose another`,
    { path: "output.url", value: url },
  );
}
