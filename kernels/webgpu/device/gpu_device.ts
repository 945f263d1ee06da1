/**
 * The only file that touches `navigator.gpu`. It belongs into a Worker, because waiting for a GPU blocks the thread.
 */
import { ClearstackError } from "shared/errors.ts";
import { cappedLimits, type GpuLimits, platformCaps } from "./limits.ts";

/** Description of the GPU of this process; adapters cannot be listed, so there is at most one. */
export type AdapterReport = AvailableAdapter | { readonly available: false; readonly reason: string };

/** An adapter that can be used. */
interface AvailableAdapter {
  readonly available: true;
  /** Such as "NVIDIA H100 80GB HBM3" or "llvmpipe (LLVM 15.0.6, 256 bits)". */
  readonly description: string;
  readonly vendor: string;
  /** True for an adapter that computes on the CPU. */
  readonly isFallbackAdapter: boolean;
  readonly limits: GpuLimits;
  readonly features: readonly string[];
}

/** Features that are asked for where the adapter has them. */
const WANTED_FEATURES = ["timestamp-query"] as const satisfies GPUFeatureName[];

/** An open device with the full limits of its adapter. */
export interface Gpu {
  readonly device: GPUDevice;
  readonly adapter: AvailableAdapter;
  readonly limits: GpuLimits;
}

const NO_ADAPTER =
  "WebGPU found no adapter; on Linux it needs the Vulkan loader libvulkan.so.1 (package libvulkan1) and the " +
  "driver of the GPU (an ICD file in /usr/share/vulkan/icd.d or named by VK_ICD_FILENAMES; in a container the NVIDIA runtime " +
  "must be given the graphics capability). mesa-vulkan-drivers brings a software adapter for tests";

/** Describes the adapter without opening a device. */
export async function probeAdapter(): Promise<AdapterReport> {
  const found = await findAdapter();
  return "reason" in found ? { available: false, reason: found.reason } : describe(found.adapter);
}

/**
 * Opens the device with everything its adapter offers of {@link GpuLimits}.
 *
 * @throws {ClearstackError} `no-device`
 */
export async function openDevice(): Promise<Gpu> {
  const found = await findAdapter();
  if ("reason" in found) throw new ClearstackError("no-device", found.reason);
  const adapter = describe(found.adapter);
  try {
    const requiredFeatures = WANTED_FEATURES.filter((feature) => found.adapter.features.has(feature));
    const requiredLimits = { ...adapter.limits };
    const device = await found.adapter.requestDevice({ label: "clearstack", requiredLimits, requiredFeatures });
    return { device, adapter, limits: adapter.limits };
  } catch (cause) {
    throw new ClearstackError("no-device", `the adapter ${adapter.description} refused to open a device: ${cause}`, {
      cause,
    });
  }
}

async function findAdapter(): Promise<{ adapter: GPUAdapter } | { reason: string }> {
  // Absent in browsers without WebGPU, whatever the types say.
  const gpu: GPU | undefined = navigator.gpu;
  if (!gpu) return { reason: "this JavaScript runtime has no WebGPU; use Deno 2.9 or newer" };
  try {
    const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
    return adapter ? { adapter } : { reason: NO_ADAPTER };
  } catch (error) {
    return { reason: `WebGPU failed to look for an adapter: ${error instanceof Error ? error.message : error}` };
  }
}

function describe({ info, limits, features }: GPUAdapter): AvailableAdapter {
  return {
    available: true,
    description: info.description || [info.vendor, info.architecture].filter(Boolean).join(" ") || "unnamed adapter",
    vendor: info.vendor,
    isFallbackAdapter: info.isFallbackAdapter,
    limits: cappedLimits(limits, platformCaps(navigator.platform)),
    features: [...features].sort(),
  };
}
