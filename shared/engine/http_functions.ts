/** Tasks done by functions that are served apart, each behind a URL of its own. */
import type { BackendChoice } from "shared/contract/algorithm.ts";
import { callJson } from "shared/http/call_json.ts";
import { bearer } from "shared/http/service_token.ts";
import { type Device, DeviceSchema } from "shared/contract/device.ts";
import type { DeconvolveKind, Invoke, PyramidKind, TaskFunctions, TaskKind } from "./task_kinds.ts";
import { TASK_SCHEMAS } from "./task_kinds.ts";

/**
 * A function that works beats every second. Before that its request may wait for an instance to start, and for a machine with a
 * GPU to start it on: ten minutes, and one more to answer.
 */
const PATIENCE = { silenceMs: 300_000, headMs: 660_000 } as const;

/**
 * One request for each connection: over HTTP/2 they would all share one, and what stands behind a balancer of connections would
 * get them all or none.
 */
const CLIENT = Deno.createHttpClient({ http2: false });

/**
 * The kinds that the `deconvolve` function at `baseUrl` takes; breaking off a request cancels the task there.
 *
 * @param token what that function asks of its callers
 */
export function httpTiles(baseUrl: string, token?: string): TaskFunctions<DeconvolveKind> {
  return {
    tiles: post("tiles", baseUrl, token),
    seams: post("seams", baseUrl, token),
    pilots: post("pilots", baseUrl, token),
  };
}

/**
 * The kinds that the `pyramid` function at `baseUrl` takes; breaking off a request cancels the task there.
 *
 * @param token what that function asks of its callers
 */
export function httpLevels(baseUrl: string, token?: string): TaskFunctions<PyramidKind> {
  return { levels: post("levels", baseUrl, token) };
}

/** Asks a `deconvolve` function what it computes on. */
export function httpDevice(baseUrl: string, choice: BackendChoice, token?: string): Promise<Device> {
  const url = new URL(`/v1/device?backend=${choice}`, baseUrl).href;
  return callJson(url, DeviceSchema, { headers: bearer(token), ...PATIENCE });
}

function post<K extends TaskKind>(kind: K, baseUrl: string, token: string | undefined): Invoke<K> {
  const { href } = new URL(`/v1/${kind}`, baseUrl);
  const options = { method: "POST", headers: bearer(token), ...PATIENCE } as const;
  return (task, signal) =>
    callJson(href, TASK_SCHEMAS[kind].report, { ...options, body: task, signal, client: CLIENT });
}
