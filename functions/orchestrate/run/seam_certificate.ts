/** Sums up the comparisons of places where tiles meet. */
import { onePlaceOf } from "shared/counted.ts";
import { ClearstackError } from "shared/errors.ts";
import type { SeamCertificate, SeamReport } from "shared/contract/seam.ts";

/** A comparison in a volume of this channel. */
export interface ComparedPlace extends Pick<SeamReport, "largest" | "peak"> {
  readonly channel: number;
}

/**
 * The largest difference relative to the highest peak of its own channel, since a difference that no bright channel would show
 * may be all that a dim one holds; undefined without places.
 */
export function seamCertificate(places: readonly ComparedPlace[]): SeamCertificate | undefined {
  if (places.length === 0) return undefined;
  const ofChannels = [...Map.groupBy(places, ({ channel }) => channel).values()].map((ofChannel) => {
    const difference = Math.max(...ofChannel.map(({ largest }) => largest));
    const peak = Math.max(...ofChannel.map(({ peak }) => peak));
    // Where all is dark, any difference at all is as large as can be.
    return difference === 0 ? 0 : peak === 0 ? 1 : difference / peak;
  });
  return { largest: Math.max(...ofChannels), places: places.length };
}

/**
 * On the sample of the demo, the automatic halo leaves seams of a thousandth of the peak, a halo of half the PSF a tenth after 20
 * iterations and a quarter after 100, none at all nearly half after 20. Beyond that, tiles are not of one image.
 */
const MAX_SEAM = 0.5;

/**
 * Refuses a result whose tiles do not fit each other.
 *
 * @throws {ClearstackError} `failed-check`
 */
export function assertSeams({ largest, places }: SeamCertificate): void {
  if (largest <= MAX_SEAM) return;
  const percent = (share: number) => `${Number((100 * share).toPrecision(2))} %`;
  throw new ClearstackError(
    "failed-check",
    `where tiles meet they differ by up to ${percent(largest)} of the peak, at ${
      onePlaceOf(places)
    }, and a result may by ` +
      `${percent(MAX_SEAM)}: begin anew with a larger --halo and --overwrite, or keep it with --seam-check 0`,
    { path: "tiling.halo", value: largest, limit: MAX_SEAM },
  );
}
