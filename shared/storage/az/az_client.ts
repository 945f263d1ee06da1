/** Authorised requests to one container of Azure Storage. */
import { ClearstackError } from "shared/errors.ts";
import type { AzPlace } from "./az_address.ts";
import { type AzCredentials, azCredentials, azToken } from "../credentials/az_credentials.ts";
import { explainAz } from "./az_errors.ts";
import { sharedKeyAuthorization } from "./az_signature.ts";
import type { GuardOptions } from "../guard/guard_store.ts";
import { type Failure, type ObjectClient, objectClient, type ObjectRequest } from "../http/object_client.ts";
import { urlWithQuery } from "../http/object_url.ts";
import type { StoreEnvironment } from "../store_environment.ts";

/** Version of the REST API: tokens, large blocks and checksums of all requests used here are in it. */
const API_VERSION = "2021-12-02";

/** Prepares requests to a container, whose paths are blobs' names; nothing is sent yet. */
export function azClient(place: AzPlace, environment: StoreEnvironment, options: GuardOptions): ObjectClient {
  const { account, container, containerUrl, own } = place;
  const base = new URL(`${containerUrl}/`);
  const now = environment.now ?? Date.now;
  let kind: AzCredentials["kind"] = "anonymous";

  async function sign({ method, path, query, headers: given, body }: ObjectRequest) {
    const credentials = await azCredentials(environment, own);
    kind = credentials.kind;
    const url = urlWithQuery(path, base, query);
    const headers = new Headers(given);
    headers.set("x-ms-version", API_VERSION);
    headers.set("x-ms-date", new Date(now()).toUTCString());
    if (credentials.kind === "key") {
      const request = { method, url, headers, length: body?.length ?? 0 };
      headers.set("authorization", await sharedKeyAuthorization(request, account, credentials.key));
    } else if (credentials.kind === "sas") {
      url.search = url.search === "" ? credentials.token : `${url.search}&${credentials.token}`;
    } else if (credentials.kind === "token") {
      headers.set("authorization", `Bearer ${credentials.token}`);
    }
    return { url, headers };
  }

  function explain(failure: Failure): ClearstackError | undefined {
    if (kind === "token" && failure.status === 401) {
      azToken(environment).forget();
      return new ClearstackError("store-unavailable", `${failure.request.what}: the credentials had to be renewed`);
    }
    return explainAz(failure, { account, container, credentials: kind, now: now() });
  }

  return objectClient({ sign, explain }, environment, options);
}
