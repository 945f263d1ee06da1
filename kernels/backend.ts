/**
 * Choice between the two compute backends.
 */
import { ClearstackError } from "shared/errors.ts";
import { createCpuDeconvolver } from "kernels/cpu/deconvolver.ts";
import type { Deconvolver, DeconvolverOptions } from "./deconvolver.ts";
import type { AdapterReport } from "kernels/webgpu/device/gpu_device.ts";
import { createWebGpuDeconvolver } from "kernels/webgpu/deconvolver.ts";
import { probeWebGpu } from "kernels/webgpu/device/probe_webgpu.ts";

/** A compute backend. */
type Backend = "webgpu" | "cpu";

/** A backend and why it was chosen. */
export interface ChosenBackend {
  readonly backend: Backend;
  /** Human-readable device. */
  readonly adapter: string;
  /** One sentence. */
  readonly reason: string;
  /** Boxes that should be under way at the same time, each in a lane of its own: one transfers while another computes. */
  readonly boxesAtOnce: number;
}

/** On hardware, where transfers take a share of the time; a software adapter and the CPU backend have nothing to hide. */
const HARDWARE_LANES = 2;

const CPU_ADAPTER = "CPU, WebAssembly SIMD";

let probed: Promise<AdapterReport> | undefined;

/**
 * Chooses: `auto` takes the GPU, and the CPU where there is none or only a software adapter, which is slower than the CPU
 * backend; `webgpu` takes whatever adapter there is. The adapter is looked for once per process.
 *
 * @throws {ClearstackError} `no-device` if WebGPU is asked for and has no adapter
 */
export async function chooseBackend(choice: "auto" | Backend): Promise<ChosenBackend> {
  if (choice === "cpu") {
    return { backend: "cpu", adapter: CPU_ADAPTER, reason: "the CPU was asked for", boxesAtOnce: 1 };
  }
  probed ??= probeWebGpu();
  return decideBackend(choice, await probed);
}

/** The choice for a known adapter. */
export function decideBackend(choice: "auto" | "webgpu", report: AdapterReport): ChosenBackend {
  if (choice === "webgpu") {
    if (!report.available) throw new ClearstackError("no-device", report.reason);
    const boxesAtOnce = report.isFallbackAdapter ? 1 : HARDWARE_LANES;
    return { backend: "webgpu", adapter: report.description, reason: "WebGPU was asked for", boxesAtOnce };
  }
  if (!report.available) return { backend: "cpu", adapter: CPU_ADAPTER, reason: report.reason, boxesAtOnce: 1 };
  if (report.isFallbackAdapter) {
    const reason =
      `WebGPU offers only the software adapter ${report.description}, which is slower than the CPU backend; ` +
      "ask for webgpu by name to use it";
    return { backend: "cpu", adapter: CPU_ADAPTER, reason, boxesAtOnce: 1 };
  }
  return {
    backend: "webgpu",
    adapter: report.description,
    reason: "WebGPU offers a hardware adapter",
    boxesAtOnce: HARDWARE_LANES,
  };
}

/**
 * Makes a deconvolver of a backend, in a lane of a GPU; see `createWebGpuDeconvolver` and `createCpuDeconvolver`.
 *
 * @throws {ClearstackError} `no-device`, `device-memory`, `over-budget`, `invalid-request`, `corrupt-data`
 *
 * @example
 * ```ts
 * import { createDeconvolver } from "@clearstack/clearstack/kernels";
 *
 * const psf = { shape: [1, 1, 3], values: new Float32Array([1, 2, 1]) } as const;
 * const deconvolver = await createDeconvolver("cpu", { box: [8, 16, 16], psf });
 * const { estimate } = await deconvolver.run(new Float32Array(8 * 16 * 16).fill(5), { iterations: 3 });
 * await deconvolver.close();
 * console.log(estimate.length, Math.round(estimate[0]!)); // 2048 5
 * ```
 */
export function createDeconvolver(backend: Backend, options: DeconvolverOptions, lane = 0): Promise<Deconvolver> {
  return backend === "webgpu" ? createWebGpuDeconvolver({ ...options, lane }) : createCpuDeconvolver(options);
}
