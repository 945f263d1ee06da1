/** The keys that a service accepts, read again every few seconds, so that one that is taken away stops working. */
import type { Quotas } from "shared/contract/quotas.ts";
import { errorToRecord } from "shared/errors.ts";
import type { Principal } from "../principal.ts";
import { apiKeyId, isApiKey } from "shared/keys/api_key.ts";
import { type KeyRecord, parseKeyRecords } from "shared/keys/key_records.ts";
import { plainLog } from "shared/telemetry/log.ts";

interface KeyRingOptions {
  readonly read: () => Promise<string>;
  /** The file's name, for messages. */
  readonly where: string;
  /** Of keys that state none of their own. @default {no limits} */
  readonly quotas?: Quotas;
  /** Milliseconds until the file is read again. @default {10000} */
  readonly keepMs?: number;
  /** Milliseconds since 1970. @default {Date.now} */
  readonly now?: () => number;
  readonly log?: (line: string) => void;
}

/** Compared with where there is no such id, so that ids cannot be told by the time an answer takes. */
const NO_HASH = "0".repeat(64);

/** Keys by id. */
export class KeyRing {
  readonly #options: KeyRingOptions;
  readonly #now: () => number;
  #records: ReadonlyMap<string, KeyRecord>;
  #readAt: number;
  #reading: Promise<void> | undefined;

  private constructor(options: KeyRingOptions, records: ReadonlyMap<string, KeyRecord>) {
    this.#options = options;
    this.#records = records;
    this.#now = options.now ?? Date.now;
    this.#readAt = this.#now();
  }

  /** @throws {ClearstackError} if the keys cannot be read or are not usable */
  static async open(options: KeyRingOptions): Promise<KeyRing> {
    return new KeyRing(options, await readRecords(options));
  }

  /** Finds the caller who presents a key; undefined for a key that is unknown, wrong or expired. */
  async find(key: string): Promise<Principal | undefined> {
    const id = apiKeyId(key);
    if (id === undefined) return undefined;
    const age = this.#now() - this.#readAt;
    // A clock that was set back must not keep a key that was taken away.
    if (age < 0 || age > (this.#options.keepMs ?? 10_000)) {
      this.#reading ??= this.#read().finally(() => this.#reading = undefined);
      await this.#reading;
    }
    const record = this.#records.get(id);
    const matches = isApiKey(key, record?.sha256 ?? NO_HASH);
    if (record === undefined || !matches) return undefined;
    if (record.expires !== undefined && Date.parse(record.expires) <= this.#now()) return undefined;
    return { id, roles: record.roles, quotas: { ...this.#options.quotas, ...record.quotas } };
  }

  /** A file that cannot be read for a moment locks nobody out: the keys stay as they were. */
  async #read(): Promise<void> {
    try {
      this.#records = await readRecords(this.#options);
    } catch (error) {
      (this.#options.log ?? plainLog)(`the keys stay as they were: ${errorToRecord(error).message}`);
    }
    this.#readAt = this.#now();
  }
}

async function readRecords({ read, where }: KeyRingOptions): Promise<ReadonlyMap<string, KeyRecord>> {
  return new Map(parseKeyRecords(await read(), where).map((record) => [record.id, record]));
}
