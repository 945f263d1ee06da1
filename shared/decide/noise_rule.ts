/** The number of accelerated iterations that the noise of an image bears. */
import type { NoiseLimit } from "./noise_limit.ts";
import type { StopDecision } from "./stop_rule.ts";

/** Iterations at a weakening of 1; their number grows with its root. */
const AT_NO_WEAKENING = 5;

/** No camera counts so many photons: the image was computed, or filtered. */
const NO_NOISE = 5000;

/** Counted points of light show it at about {@link NO_NOISE}; with more noise it was taken for detail, as where it repeats from voxel to voxel. */
const NO_DETAIL = 1000;

/** Where the sample shows nothing but noise. */
const WITHOUT_STRUCTURE = 20;

/** How many iterations a rule may choose from. */
interface IterationBounds {
  /** Where there is noise. */
  readonly noisy: number;
  /** Where there is none. */
  readonly most: number;
}

/**
 * Five times the root of the factor by which the PSF weakens the faintest detail that stands out from the noise. Iterations restore
 * detail in the order in which the PSF weakens it, so those beyond restore mostly noise. The root and the five were found on 24
 * scenes of counted photons, where this is within the iterations whose PSNR is at least deconwolf's on 20 to 22 of them (see
 * docs/algorithms.md). Without noise there is nothing to overfit: as many as are allowed.
 */
export function iterationsByNoise(
  { signalToNoise, weakening }: NoiseLimit,
  { noisy, most }: IterationBounds,
): StopDecision {
  if (signalToNoise > NO_NOISE) {
    return {
      iterations: most,
      reason:
        `no noise was found, as in images that were computed or filtered; if it was filtered, give --iterations ${WITHOUT_STRUCTURE}`,
    };
  }
  if (weakening === undefined) {
    const iterations = Math.min(noisy, WITHOUT_STRUCTURE);
    return { iterations, reason: "nothing stands out from the noise of the sample" };
  }
  const borne = Math.round(AT_NO_WEAKENING * Math.sqrt(weakening));
  const factor = weakening < 10 ? weakening.toFixed(1) : Math.round(weakening).toString();
  const hidden = `noise hides what the PSF weakens more than ${factor} times`;
  if (borne <= noisy) return { iterations: borne, reason: hidden };
  const reason = weakening > NO_DETAIL
    ? `hardly any noise was found; if the image was filtered, resampled or masked, give --iterations ${WITHOUT_STRUCTURE}`
    : `${hidden}, which bears ${borne}, over the ${noisy} that are allowed`;
  return { iterations: noisy, reason };
}
