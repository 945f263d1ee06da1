/** The PSF that a task names, as its plan knew it. */
import type { TileTask } from "shared/contract/tile.ts";
import { changed } from "shared/storage/unchanged.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { redactUrl } from "shared/storage/url.ts";
import type { Psf } from "./fit_psf.ts";
import { computedName } from "./generate/computed_psf.ts";
import { loadPsf } from "./load_psf.ts";

/**
 * Loads and fits a PSF.
 *
 * @throws {ClearstackError} `conflict` if it is no longer what was planned with; what opening, reading and fitting throw
 */
export async function loadTaskPsf(
  { psf: location, psfSha256, psfFit }: Pick<TileTask, "psf" | "psfSha256" | "psfFit">,
  access: StoreAccess,
): Promise<Psf> {
  const psf = await loadPsf(location, { fit: psfFit, ...access });
  if (psf.info.sha256 === psfSha256) return psf;
  throw changed(
    "optics" in location ? computedName(location.optics) : redactUrl(location.url),
    "as a PSF it has other values",
  );
}
