/** The machines that compute tiles, as the planner must know them. */
import { z } from "zod";

/** Answer of `GET /v1/device` of the `deconvolve` function. */
export const DeviceSchema = z.strictObject({
  backend: z.enum(["webgpu", "cpu"]),
  adapter: z.string().describe("the device in words"),
  reason: z.string().describe("why this backend was chosen"),
  hostBytes: z.number().describe("host memory one process may use"),
  deviceBytes: z.number().describe("device memory one process may use"),
  computeOnHost: z.boolean().describe("true if the kernels' buffers are host memory"),
  boxesAtOnce: z.int().min(1).default(1).describe("boxes on the device at the same time, each with memory of its own"),
  gpuLimits: z.record(z.string(), z.number()).optional().describe("what the GPU allows, by the names of WebGPU"),
});
export type Device = z.infer<typeof DeviceSchema>;
