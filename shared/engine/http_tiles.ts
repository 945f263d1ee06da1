/** Tiles computed by a `deconvolve` function that is served apart. */
import type { BackendChoice } from "../contract/backend.ts";
import { callJson } from "../http/call_json.ts";
import type { Device } from "./device.ts";
import { DeviceSchema } from "./device.ts";
import type { Invoke, TaskFunctions, TaskKind } from "./task_kinds.ts";
import { TASK_SCHEMAS } from "./task_kinds.ts";

/**
 * Sends each tile to `baseUrl`; breaking off the request cancels the tile there.
 *
 * @param token what that function asks of its callers
 */
export function httpTiles(baseUrl: string, token?: string): TaskFunctions {
  const post = <K extends TaskKind>(kind: K): Invoke<K> => (task, signal) =>
    callJson(new URL(`/v1/${kind}`, baseUrl).href, TASK_SCHEMAS[kind].report, {
      method: "POST",
      body: task,
      signal,
      headers: bearer(token),
    });
  return { tiles: post("tiles"), seams: post("seams"), pilots: post("pilots") };
}

/** Asks a `deconvolve` function what it computes on. */
export function httpDevice(baseUrl: string, choice: BackendChoice, token?: string): Promise<Device> {
  const url = new URL(`/v1/device?backend=${choice}`, baseUrl).href;
  return callJson(url, DeviceSchema, { headers: bearer(token) });
}

function bearer(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}
