/**
 * The world around the process, as stores see it: environment variables, clock and network. A main.ts makes it once and
 * hands it over; credentials come from there and never from a URL or a request.
 */
import type { GuardOptions } from "./guard/guard_store.ts";
import type { NamedFetch } from "./guard/guarded_fetch.ts";
import type { RequestOptions, Store } from "./store.ts";

/** The world as stores see it. */
export interface StoreEnvironment {
  /** Reads an environment variable. */
  readonly env: (name: string) => string | undefined;
  /** Sends a request. @default the global fetch */
  readonly fetch?: typeof globalThis.fetch;
  /** Sends a request to a place that a caller named. @default {fetch} */
  readonly fetchNamed?: NamedFetch;
  /** The error for a place that nobody may name, if it is one. @default {every place may be named} */
  readonly refusal?: (url: string, use: "read" | "write") => Error | undefined;
  /** Timeouts and retries of stores, unless the one that opens them says otherwise. */
  readonly guard?: GuardOptions;
  /** Stands between the program and each store that is opened, below retries. @default {the store as it is} */
  readonly wrap?: (store: Store) => Store;
  /** Milliseconds since 1970. @default {Date.now} */
  readonly now?: () => number;
}

/** Options of what opens stores by itself. */
export interface StoreAccess extends RequestOptions {
  /** Settings and credentials of stores. One process passes one `env` everywhere: stores share their credentials by it. */
  readonly environment: StoreEnvironment;
}

/** Sends requests to places that callers named: URLs of sources, and of whom to tell about a job. */
export function fetchNamed(environment: StoreEnvironment): NamedFetch {
  return environment.fetchNamed ?? environment.fetch ?? fetch;
}

/** The world of stores that need nothing from it: no variables, so no credentials. */
export const NO_ENVIRONMENT: StoreEnvironment = { env: () => undefined };

/** True for a variable set to `true`, `yes`, `on` or `1`. */
export function isSwitchedOn(environment: StoreEnvironment, name: string): boolean {
  return /^(true|yes|on|1)$/i.test(environment.env(name)?.trim() ?? "");
}

/** A variable, or undefined if it is unset or empty. */
export function setting(environment: StoreEnvironment, ...names: string[]): string | undefined {
  return names.map((name) => environment.env(name)?.trim()).find((value) => value !== undefined && value !== "");
}

/** Makes something once for each environment, told by its `env`, so that all stores of a process share their credentials. */
export function oncePerEnvironment<T>(
  make: (environment: StoreEnvironment) => T,
): (environment: StoreEnvironment) => T {
  const made = new WeakMap<StoreEnvironment["env"], T>();
  return (environment) => {
    if (!made.has(environment.env)) made.set(environment.env, make(environment));
    return made.get(environment.env)!;
  };
}
