/** What a table of settings comes to, beside deconwolf. */

/** Result of one method on one scene. */
export interface Outcome {
  readonly psnr: number;
  readonly ssim: number;
  /** PSNR of the voxels at the edge. */
  readonly edge: number;
  /** Seconds that processors were busy. */
  readonly seconds: number;
}

/** By method, then by scene. */
export type Outcomes = Map<string, Map<string, Outcome>>;

/** Digits that each figure is printed with. */
const FIGURES = { psnr: 2, ssim: 3, edge: 2, seconds: 2 } as const satisfies Record<keyof Outcome, number>;
const QUALITIES = ["psnr", "ssim", "edge"] as const;

/**
 * Means over some of the scenes; beside deconwolf also the least gain over it in each measure of quality, and the largest share of
 * its time.
 */
export function summary(when: string, outcomes: Outcomes, chosen: (scene: string) => boolean): string {
  const peers = outcomes.get("deconwolf");
  const rows = [...outcomes].flatMap(([name, own]) => {
    const scenes = [...own].filter(([scene]) => chosen(scene));
    if (scenes.length === 0) return [];
    const means = Object.entries(FIGURES).map(([figure, digits]) => {
      const sum = scenes.reduce((sum, [, outcome]) => sum + outcome[figure as keyof Outcome], 0);
      return (sum / scenes.length).toFixed(digits);
    });
    const beside = scenes.flatMap(([scene, outcome]) => {
      const peer = peers?.get(scene);
      return peer === undefined ? [] : [[outcome, peer] as const];
    });
    const gains = QUALITIES.map((figure) => Math.min(...beside.map(([own, peer]) => own[figure] - peer[figure])));
    const share = Math.max(...beside.map(([own, peer]) => own.seconds / peer.seconds));
    const compared = [...gains.map((gain, at) => gain.toFixed(FIGURES[QUALITIES[at]!])), share.toFixed(2)];
    return [[name, scenes.length, ...means, ...(beside.length === 0 ? ["", "", "", ""] : compared)].join(" | ")];
  });
  return [
    "",
    `| where ${when} | scenes | PSNR | SSIM | edge PSNR | processor seconds | least gain over deconwolf: PSNR | SSIM | ` +
    "edge PSNR | largest share of its time |",
    "|---|---|---|---|---|---|---|---|---|---|",
    ...rows.map((row) => `| ${row} |`),
  ].join("\n");
}
