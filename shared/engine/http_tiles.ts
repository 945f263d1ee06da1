/** Tiles computed by a `deconvolve` function that is served apart. */
import type { BackendChoice } from "../contract.ts";
import { SeamReportSchema, TileReportSchema } from "../contract.ts";
import { callJson } from "../http/call_json.ts";
import type { Device } from "./device.ts";
import { DeviceSchema } from "./device.ts";
import type { TileFunction } from "./engine.ts";

/** Sends each tile to `baseUrl`; breaking off the request cancels the tile there. */
export function httpTiles(baseUrl: string): TileFunction {
  const at = (path: string) => new URL(path, baseUrl).href;
  return {
    computeTile: (task, signal) => callJson(at("/v1/tiles"), TileReportSchema, { method: "POST", body: task, signal }),
    checkSeam: (task, signal) => callJson(at("/v1/seams"), SeamReportSchema, { method: "POST", body: task, signal }),
  };
}

/** Asks a `deconvolve` function what it computes on. */
export function httpDevice(baseUrl: string, choice: BackendChoice): Promise<Device> {
  return callJson(new URL(`/v1/device?backend=${choice}`, baseUrl).href, DeviceSchema);
}
