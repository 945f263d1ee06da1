/** Views kept by a `view` function that is served apart. */
import { z } from "zod";
import { ShownImageSchema } from "shared/contract/views/shown_image.ts";
import { ViewListSchema, ViewSchema } from "shared/contract/views/view.ts";
import { callFunction, callJson } from "shared/http/call_json.ts";
import { bearer } from "shared/http/service_token.ts";
import type { ViewRunner } from "./view_runner.ts";

/**
 * A runner that passes every call on to `baseUrl`.
 *
 * @param token what that function asks of its callers
 */
export function httpViewRunner(baseUrl: string, token?: string): ViewRunner {
  const headers = bearer(token);
  const at = (path: string) => new URL(path, baseUrl).href;
  const view = (id: string) => at(`/v1/views/${encodeURIComponent(id)}`);
  return {
    create: (request, { owner, quotas, signal } = {}) => {
      const circumstances = new URLSearchParams({
        ...(owner === undefined ? {} : { owner }),
        ...(quotas === undefined ? {} : { quotas: JSON.stringify(quotas) }),
      });
      return callJson(at(`/v1/views?${circumstances}`), ViewSchema, { method: "POST", body: request, headers, signal });
    },
    get: (id) => callJson(view(id), ViewSchema, { headers }),
    list: ({ owner }) =>
      callJson(at(`/v1/views?${new URLSearchParams(owner === undefined ? {} : { owner })}`), ViewListSchema, {
        headers,
      }),
    show: (image, { signal } = {}) =>
      callJson(at("/v1/images"), ShownImageSchema, { method: "POST", body: image, headers, signal }),
    remove: async (id) => void await callJson(view(id), z.unknown(), { method: "DELETE", headers }),
    events: async (id, { after } = {}) => {
      const position = after === undefined ? {} : { "last-event-id": String(after) };
      return (await callFunction(`${view(id)}/events`, { headers: { ...headers, ...position } })).body!;
    },
  };
}
