/** Tiles computed by a `deconvolve` function that is served apart. */
import type { BackendChoice } from "../contract.ts";
import { TileReportSchema } from "../contract.ts";
import { callJson } from "../http/call_json.ts";
import type { Device } from "./device.ts";
import { DeviceSchema } from "./device.ts";
import type { InvokeTile } from "./engine.ts";

/** Sends each tile to `baseUrl`; breaking off the request cancels the tile there. */
export function httpTiles(baseUrl: string): InvokeTile {
  return (task, signal) =>
    callJson(new URL("/v1/tiles", baseUrl).href, TileReportSchema, { method: "POST", body: task, signal });
}

/** Asks a `deconvolve` function what it computes on. */
export function httpDevice(baseUrl: string, choice: BackendChoice): Promise<Device> {
  return callJson(new URL(`/v1/device?backend=${choice}`, baseUrl).href, DeviceSchema);
}
