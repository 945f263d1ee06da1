/** Tiles computed by a `deconvolve` function that is served apart. */
import type { BackendChoice } from "../contract/backend.ts";
import { PilotReportSchema } from "../contract/pilot.ts";
import { SeamReportSchema } from "../contract/seam.ts";
import { TileReportSchema } from "../contract/tile.ts";
import { callJson } from "../http/call_json.ts";
import type { Device } from "./device.ts";
import { DeviceSchema } from "./device.ts";
import type { TileFunction } from "./engine.ts";

/**
 * Sends each tile to `baseUrl`; breaking off the request cancels the tile there.
 *
 * @param token what that function asks of its callers
 */
export function httpTiles(baseUrl: string, token?: string): TileFunction {
  const at = (path: string) => new URL(path, baseUrl).href;
  const post = (body: unknown, signal: AbortSignal) =>
    ({ method: "POST", body, signal, headers: bearer(token) }) as const;
  return {
    computeTile: (task, signal) => callJson(at("/v1/tiles"), TileReportSchema, post(task, signal)),
    checkSeam: (task, signal) => callJson(at("/v1/seams"), SeamReportSchema, post(task, signal)),
    measureTile: (task, signal) => callJson(at("/v1/pilots"), PilotReportSchema, post(task, signal)),
  };
}

/** Asks a `deconvolve` function what it computes on. */
export function httpDevice(baseUrl: string, choice: BackendChoice, token?: string): Promise<Device> {
  const url = new URL(`/v1/device?backend=${choice}`, baseUrl).href;
  return callJson(url, DeviceSchema, { headers: bearer(token) });
}

function bearer(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}
