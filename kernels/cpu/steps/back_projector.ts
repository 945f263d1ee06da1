/**
 * The OTF of the Wiener-Butterworth back-projector, from the OTF that the kernels computed.
 */
import type { Volume } from "kernels/deconvolver.ts";
import { cyclesPerVoxel, wienerButterworthGain } from "kernels/wiener_butterworth.ts";
import { type FftPlan, frequencyRow } from "../fft/fft_plan.ts";
import type { MemoryLayout } from "../memory_layout.ts";
import { blocksPerRow } from "./row_exchange.ts";

/** Fills `layout.backTransfer` for the row of blocks at `row` along y (in the order of the spectrum). */
export function backTransferRows(
  layout: MemoryLayout,
  memory: WebAssembly.Memory,
  psf: Volume,
): (row: number) => void {
  const [nz, ny, nx] = layout.box;
  const blocks = blocksPerRow(nx);
  const gain = wienerButterworthGain(psf);
  const [kz, ky] = layout.plans.map(frequencies);
  // The OTF is stored scaled, see kernel_module.ts: a quarter of twice its values, and without the inverse transforms' factor.
  const unscale = (2 * nz * ny * nx) ** 2;
  const count = 8 * nz * blocks;
  return (row) => {
    const otf = new Float32Array(memory.buffer, layout.transfer + 4 * count * row, count);
    const back = new Float32Array(memory.buffer, layout.backTransfer + 4 * count * row, count);
    for (let at = 0; at < count; at += 8) {
      const block = Math.floor(at / (8 * nz));
      for (let lane = 0; lane < 4; lane++) {
        const [re, im] = [otf[at + lane], otf[at + lane + 4]];
        const frequency = [kz[(at / 8) % nz], ky[row], (4 * block + lane) / nx] as const;
        const factor = gain(frequency, (re * re + im * im) * unscale);
        back[at + lane] = re * factor;
        back[at + lane + 4] = im * factor;
      }
    }
  };
}

/** Frequency of each row after a forward transform. */
function frequencies(plan: FftPlan): Float64Array {
  const inOrder = new Float64Array(plan.length);
  for (let k = 0; k < plan.length; k++) {
    inOrder[frequencyRow(plan, k)] = cyclesPerVoxel(k, plan.length);
  }
  return inOrder;
}
