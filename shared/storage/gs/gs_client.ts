/** Authorised requests to one bucket of Google Cloud Storage. */
import { ClearstackError } from "shared/errors.ts";
import { googleToken } from "../credentials/google_token.ts";
import { explainGs } from "./gs_errors.ts";
import type { GuardOptions } from "../guard/guard_store.ts";
import { type Failure, type ObjectClient, objectClient, type ObjectRequest } from "../http/object_client.ts";
import { urlWithQuery } from "../http/object_url.ts";
import { setting, type StoreEnvironment } from "../store_environment.ts";

/** Prepares requests, whose paths are below the service's address; nothing is sent yet. */
export function gsClient(bucket: string, environment: StoreEnvironment, options: GuardOptions): ObjectClient {
  const base = gsAddress(environment);
  const credentials = googleToken(environment);
  let anonymous = false;

  async function sign({ path, query, headers: given, what }: ObjectRequest) {
    const url = urlWithQuery(path, base, query);
    // Addresses of uploads come from the server; the token goes to nobody else.
    if (url.origin !== base.origin) {
      throw new ClearstackError("unwritable", `cannot write ${what}: the server wants the upload sent elsewhere`);
    }
    const { token } = await credentials.get();
    anonymous = token === undefined;
    const headers = new Headers(given);
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    return { url, headers };
  }

  function explain(failure: Failure): ClearstackError | undefined {
    if (failure.status === 401 && !anonymous) {
      credentials.forget();
      return new ClearstackError("store-unavailable", `${failure.request.what}: the credentials had to be renewed`);
    }
    return explainGs(failure, { bucket, anonymous, now: (environment.now ?? Date.now)() });
  }

  return objectClient({ sign, explain }, environment, options);
}

/** Google's service, or STORAGE_EMULATOR_HOST (with or without `http://`). Ends in a slash. */
export function gsAddress(environment: StoreEnvironment): URL {
  const host = setting(environment, "STORAGE_EMULATOR_HOST");
  if (host === undefined) return new URL("https://storage.googleapis.com/");
  const address = /^https?:\/\//.test(host) ? host : `http://${host}`;
  if (URL.canParse(address)) return new URL(`${address.replace(/\/+$/, "")}/`);
  throw new ClearstackError("invalid-request", "STORAGE_EMULATOR_HOST is not usable; write http://HOST:PORT");
}
