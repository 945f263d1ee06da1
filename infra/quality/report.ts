/** The quality table as Markdown, and its plot. */
import { HELD_OUT_FRACTION, type Mark, MARKS, type Path } from "./paths.ts";
import { type Curve, svgPlots } from "./svg_plot.ts";

/** Paths of one scene. */
type Group = readonly Path[];

function byScene(paths: readonly Path[]): Group[] {
  return [...Map.groupBy(paths, ({ scene }) => scene).values()];
}

function markAt({ marks }: Path, iterations: number): Mark {
  return marks.find((mark) => mark.iterations === iterations)!;
}

/** The page docs/quality.md. */
export function qualityPage(paths: readonly Path[], side: number): string {
  return [
    "# Quality",
    "",
    `Known objects in ${side} x ${side} x ${side} voxels, blurred by a Gaussian (deviations 3, 1.5, 1.5 voxels) and restored by`,
    "the CPU backend: without noise, and from counted photons, up to 1000 or 100 in a voxel before the blur, on a glow of 2.",
    "Made by `deno task quality`; what the methods are, and when to use which, is in [algorithms.md](algorithms.md).",
    "",
    "- **I**: I-divergence of the image from the blurred estimate, mean over voxels (for counted photons the truth itself has",
    "  about 0.5).",
    "- **PSNR**: peak signal-to-noise ratio in decibels, peak of the truth. **SSIM**: structural similarity in 3-D (Gaussian",
    "  window of deviation 1.5 in 11 voxels, K1 0.01, K2 0.03, range that of the truth).",
    `- **best**: the iteration, of ${MARKS.join(", ")}, whose estimate has the least error.`,
    `- **held-out stop**: where the squared error of the ` +
    `${HELD_OUT_FRACTION * 100} % held-out photons is least, within 200`,
    "  iterations; the error there relative to the best.",
    "",
    "![PSNR and I-divergence against iterations](quality.svg)",
    "",
    ...byScene(paths).flatMap(sceneTable),
  ].join("\n");
}

function sceneTable(group: Group): string[] {
  const { name, light, counted } = group[0]!.scene;
  const stop = counted ? " held-out stop | error against best |" : "";
  return [
    `## ${name}, ${light}`,
    "",
    `| method | I at 20 | at 50 | at 200 | PSNR at 20 | at 50 | at 200 | best PSNR | at | SSIM |${stop}`,
    `|---|---|---|---|---|---|---|---|---|---|${counted ? "---|---|" : ""}`,
    ...group.map((path) => {
      const { best } = path;
      const divergences = [20, 50, 200].map((k) => markAt(path, k).divergence.toPrecision(3));
      const ratios = [20, 50, 200].map((k) => markAt(path, k).psnr.toFixed(2));
      const cells = [
        path.method.name,
        ...divergences,
        ...ratios,
        best.psnr.toFixed(2),
        best.iterations,
        best.ssim.toFixed(3),
      ];
      if (path.stop) cells.push(path.stop.iterations, `${(path.stop.rmse / best.rmse).toFixed(3)}`);
      return `| ${cells.join(" | ")} |`;
    }),
    "",
  ];
}

/** Below the best of a scene with noise; what overfits further is not worth the paper. */
const SHOWN_DECIBELS = 8;

/** The plot docs/quality.svg: a row per object; I-divergence without noise, error without and with noise. */
export function qualityPlot(paths: readonly Path[]): string {
  const curves = (group: Group, value: (mark: Mark) => number): Curve[] =>
    group.map(({ method, marks, stop }) => ({
      name: method.name,
      points: marks.map((mark) => [mark.iterations, value(mark)] as const),
      ...(stop ? { disc: [stop.iterations, value(stop)] as const } : {}),
    }));
  const panels = byScene(paths).flatMap((group) => {
    const { name, light, counted } = group[0]!.scene;
    const title = `${name}, ${light}`;
    const noise = counted ? { leastY: Math.max(...group.map(({ best }) => best.psnr)) - SHOWN_DECIBELS } : {};
    const error = { title, yLabel: "PSNR, dB", logarithmicY: false, ...noise, curves: curves(group, (m) => m.psnr) };
    const fit = { title, yLabel: "I-divergence", logarithmicY: true, curves: curves(group, (m) => m.divergence) };
    return counted ? [error] : [fit, error];
  });
  return svgPlots(panels, { columns: 4, xLabel: "iterations", discLabel: "held-out stop" });
}
