/** Worlds in which a process dies at a given write, or is slow at random: all of its stores are. */
import type { Store } from "shared/storage/store.ts";
import type { StoreEnvironment } from "shared/storage/store_environment.ts";
import { storeEnvironment } from "../../../stores.ts";

/** Calls that change what is stored. */
const CHANGES = ["put", "putPieces", "swap", "delete", "deleteAll"] as const;
const READS = ["get", "getRange", "getTagged", "head"] as const;

/** What a call is and where, such as `put memory:1/output 0/c/0/0/0`. */
type Before = (call: string, isChange: boolean) => void | Promise<void>;

/** The world of the tests of this file, whose stores await `before` before each call, and `after` after each. */
function worldOf(before: Before, after: Before = () => {}): StoreEnvironment {
  const wrap = (store: Store): Store => {
    const wrapped = (name: string, isChange: boolean) => {
      const call = store[name as "put"] as (key: string, ...rest: unknown[]) => Promise<unknown>;
      return async (key: string, ...rest: unknown[]) => {
        const what = `${name} ${store.url} ${key}`;
        await before(what, isChange);
        const result = await call(key, ...rest);
        await after(what, isChange);
        return result;
      };
    };
    const calls = [...CHANGES.map((name) => [name, true] as const), ...READS.map((name) => [name, false] as const)];
    return { ...store, ...Object.fromEntries(calls.map(([name, change]) => [name, wrapped(name, change)])) };
  };
  return { ...storeEnvironment(), wrap };
}

/** A process that can die: from then on, nothing that it does reaches a store. */
export class Mortal {
  dead = false;
  changes = 0;

  /**
   * @param dieBefore number of the change, from 1, before which the process dies
   * @param dieAfter number of the change after which it dies
   * @param pause awaited before each call
   */
  world(
    { dieBefore = Infinity, dieAfter = Infinity, pause = () => {} }: {
      readonly dieBefore?: number;
      readonly dieAfter?: number;
      readonly pause?: () => void | Promise<void>;
    } = {},
  ): StoreEnvironment {
    return worldOf(async (_, isChange) => {
      this.#refuse();
      await pause();
      this.#refuse();
      if (!isChange) return;
      if (++this.changes >= dieBefore) this.dead = true;
      this.#refuse();
    }, async (_, isChange) => {
      if (isChange && this.changes >= dieAfter) this.dead = true;
      this.#refuse();
      await pause();
    });
  }

  #refuse(): void {
    if (this.dead) throw new Error("the process is dead");
  }
}

/** Numbers from 0 to 1, exclusive, by a seed. */
export function seeded(seed: number): () => number {
  let state = seed * 7919 % 2147483647 + 1;
  return () => (state = state * 48271 % 2147483647) / 2147483647;
}

/** Lets others go on so many times. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}
