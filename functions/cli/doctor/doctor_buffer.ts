/** Does the GPU give large buffers? Jobs go on without, in smaller ones, and slower. */
import type { AdapterReport } from "kernels/webgpu/device/gpu_device.ts";
import { probeLargeBuffer } from "kernels/webgpu/device/probe_large_buffer.ts";
import { toClearstackError } from "shared/errors.ts";
import { formatBytes } from "shared/plan/host_memory.ts";

/** What came of asking for a large buffer, or why nobody asked. */
export type BufferFinding =
  | { readonly bytes: number; readonly problem?: string }
  | { readonly skipped: string };

/** Asks a hardware adapter; never throws. */
export async function checkLargeBuffer(adapter: AdapterReport): Promise<BufferFinding | undefined> {
  if (!adapter.available) return undefined;
  if (adapter.isFallbackAdapter) return { skipped: "not tried: a software adapter has the memory of the machine" };
  try {
    return await probeLargeBuffer();
  } catch (error) {
    return { bytes: 0, problem: toClearstackError(error).message };
  }
}

export function describeBuffer(finding: BufferFinding): string {
  if ("skipped" in finding) return finding.skipped;
  const { bytes, problem } = finding;
  return problem === undefined
    ? `one of ${formatBytes(bytes)} is there`
    : `one of ${formatBytes(bytes)} is refused: ${problem}`;
}

/** What to mend, if anything. */
export function adviseBuffer(finding: BufferFinding | undefined): string[] {
  if (!finding || "skipped" in finding || finding.problem === undefined) return [];
  return [
    `the GPU gives no buffer of ${
      formatBytes(finding.bytes)
    }, so tiles are computed in buffers of 128 MiB, which is slower: ` +
    "end other programs on it; if it has memory enough, switch Resizable BAR (or Above 4G Decoding) on in the firmware, since " +
    "some drivers place buffers in a window of 256 MiB (https://github.com/denoland/deno/issues/35195), and update the driver",
  ];
}
