/** Idempotency keys: the same key of the same owner is the same job, whichever process it is submitted to. */
import type { JobRequest } from "shared/contract/job_request.ts";
import { ClearstackError } from "shared/errors.ts";
import { hashHex } from "shared/image/output/hash.ts";
import { decodeJson } from "shared/image/zarr/json.ts";
import type { Store } from "shared/storage/store.ts";
import { z } from "zod";

const KeyRecordSchema = z.object({ id: z.string(), request: z.string().describe("hash of the request") });

/** A key that stands for a job. */
export interface SubmissionClaim {
  readonly name: string;
  /** Id of the job that the key stands for. */
  readonly id: string;
  /** True for the one submission that is to make the job. */
  readonly mine: boolean;
}

/** Claim that a key stands for. */
interface Submission {
  readonly key: string;
  readonly owner: string | undefined;
  readonly request: JobRequest;
  /** Id that the job gets if the key is new. */
  readonly id: string;
}

/** The keys of a store: `keys/HASH.json`. */
export class SubmissionKeys {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Takes a key, or finds out which job it stands for.
   *
   * @throws {ClearstackError} `conflict` if it came with another request before; `corrupt-data` if that cannot be told
   */
  async claim({ key, owner, request, id }: Submission): Promise<SubmissionClaim> {
    const name = await hashHex(encode(owner === undefined ? "" : `owner ${owner}`), encode(key));
    const digest = await hashHex(encode(JSON.stringify(request)));
    const record = encode(JSON.stringify({ id, request: digest }));
    for (;;) {
      if (await this.#store.put(keyOf(name), record, { ifAbsent: true })) return { name, id, mine: true };
      const there = await this.#store.get(keyOf(name));
      // Given back in between.
      if (there === undefined) continue;
      const first = KeyRecordSchema.safeParse(decodeJson(there)).data;
      if (first === undefined) {
        throw new ClearstackError("corrupt-data", "the record of the idempotency key cannot be read: use a new key");
      }
      if (first.request === digest) return { name, id: first.id, mine: false };
      throw new ClearstackError(
        "conflict",
        `the idempotency key belongs to job ${first.id}, which is another request: use a new key for each job`,
      );
    }
  }

  /** True as long as the key stands for a job, or for one that is being made. */
  async isTaken(name: string): Promise<boolean> {
    return await this.#store.head(keyOf(name)) !== undefined;
  }

  /** Gives a key back. */
  async release(name: string): Promise<void> {
    await this.#store.delete(keyOf(name));
  }
}

function keyOf(name: string): string {
  return `keys/${name}.json`;
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
