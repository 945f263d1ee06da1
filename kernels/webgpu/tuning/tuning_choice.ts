/**
 * The fastest slabs, and columns of a workgroup, measured once per program in a process, see
 * shared_tunings.ts. Both say
 * who computes what and when, and change no bit of a result, so the choice may differ from run to run. What would change bits
 * is fixed: other radices, and with them the registers of a lane, round elsewhere; other numbers of rows in a workgroup add the
 * terms of a sum in another order.
 */
import type { Vec3 } from "shared/volume/geometry.ts";
import type { Gpu } from "../device/gpu_device.ts";
import { fastest } from "./fastest.ts";
import { PassTimer } from "../device/pass_timer.ts";
import type { Tuning } from "../program/rl_program.ts";
import { slabCandidates } from "./slab_choice.ts";
import { FULL_WIDTH } from "../fft/workgroups.ts";

/**
 * Half the default lets more workgroups be in flight and still fills 64-byte transactions, a quarter yet more of them where the
 * multiplication by the OTF takes many registers; twice reads 256 bytes at once.
 */
const COLUMN_CANDIDATES = [FULL_WIDTH / 4, FULL_WIDTH / 2, 2 * FULL_WIDTH];

/** Runs so many iterations tuned in this way and tells how long they took, in any unit. */
type TimeTuning = (tuning: Tuning, iterations: number) => Promise<number>;

/** True if timing tells something: on a CPU there is nothing to gain that would not be noise, and without a clock no telling. */
export function isTunable(
  { device, adapter }: { device: Pick<GPUDevice, "features">; adapter: Pick<Gpu["adapter"], "isFallbackAdapter"> },
): boolean {
  return PassTimer.isAvailable(device) && !adapter.isFallbackAdapter;
}

/** Every tuning that {@link measureTuning} may choose for a box, slabs apart from columns. */
export function tuningCandidates(box: Vec3): Tuning[] {
  return [...slabCandidates(box).map((slabPlanes) => ({ slabPlanes })), ...columnCandidates(box)];
}

function columnCandidates([, , nx]: Vec3): { readonly columns: number }[] {
  return COLUMN_CANDIDATES.filter((columns) => columns <= nx / 2).map((columns) => ({ columns }));
}

/** Measures how to tune: slabs first, which gain more, and columns with those. */
export async function measureTuning(box: Vec3, time: TimeTuning): Promise<Tuning> {
  const slabPlanes = await fastest(slabCandidates(box), (slabPlanes, n) => time({ slabPlanes }, n));
  const narrower = columnCandidates(box).map(({ columns }) => columns);
  const columns = await fastest(narrower, (columns, n) => time({ slabPlanes, columns }, n));
  return { slabPlanes, columns };
}
