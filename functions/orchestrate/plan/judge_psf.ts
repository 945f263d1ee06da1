/** What is found out about a PSF from its voxels: no input or output, and seconds of work where it is large. */
import { isCentroSymmetric } from "kernels/psf_symmetry.ts";
import type { ComputedPsf, PsfFit, PsfInfo } from "shared/contract/psf_info.ts";
import type { Warning } from "shared/contract/problem.ts";
import { releaseMemory } from "shared/process/release_memory.ts";
import { type PsfUse, usedSide } from "shared/psf/choose_fit.ts";
import { fitPsf, inPlane, type StoredPsf } from "shared/psf/fit_psf.ts";
import { computePsf } from "shared/psf/generate/computed_psf.ts";
import { inspectPsf } from "shared/psf/measure/inspect_psf.ts";
import { psfFaults } from "shared/psf/measure/psf_faults.ts";
import { mapAxes } from "shared/volume/geometry.ts";

/** A PSF and what it is for; plain data, so that it can go to another thread. */
export interface PsfCase {
  /** Its values are overwritten, and freed. */
  readonly stored: StoredPsf;
  readonly fit: PsfFit | undefined;
  readonly use: Pick<PsfUse, "shape" | "boundary">;
}

/** A PSF that is yet to be computed, and what it is for. */
export interface ComputedPsfCase extends Omit<PsfCase, "stored"> {
  readonly optics: ComputedPsf;
}

/** A PSF as planning needs it. */
export interface JudgedPsf {
  readonly info: PsfInfo;
  /** True if it is centro-symmetric. */
  readonly symmetric: boolean;
  /** What is wrong with what the image uses of it. */
  readonly faults: readonly Warning[];
}

/** @throws {ClearstackError} what fitting throws */
export async function judgePsf({ fit, use, ...given }: PsfCase | ComputedPsfCase): Promise<JudgedPsf> {
  const stored = "optics" in given ? computePsf(given.optics) : given.stored;
  const faults = faultsOf(stored, fit, use);
  const { info, volume } = await fitPsf(stored, fit);
  const symmetric = isCentroSymmetric(volume);
  releaseMemory(volume.values);
  return { info, symmetric, faults };
}

function faultsOf({ shape, values }: StoredPsf, fit: PsfFit | undefined, use: PsfCase["use"]): Warning[] {
  const part = fit?.plane === undefined ? { shape, values } : inPlane({ shape, values }, fit.plane);
  const voxelRatio = fit?.resample ?? ([1, 1, 1] as const);
  const covers = mapAxes((axis) => part.shape[axis] / voxelRatio[axis] >= usedSide(use, axis));
  return psfFaults(inspectPsf(part), { voxelRatio, covers });
}
