/** Sums up the comparisons of places where tiles meet. */
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
