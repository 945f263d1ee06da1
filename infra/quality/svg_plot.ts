/** Line plots as SVG, as little as a table of curves needs. */

/** One curve. */
export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** A point to mark with a disc. */
  readonly disc?: readonly [x: number, y: number];
}

/** One plot; x is logarithmic. */
interface Panel {
  readonly title: string;
  readonly yLabel: string;
  readonly logarithmicY: boolean;
  /** Curves are cut off below this. */
  readonly leastY?: number;
  readonly curves: readonly Curve[];
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [330, 230, 48, 10, 26, 34];
const COLOURS = ["#555555", "#0072b2", "#009e73", "#d55e00", "#cc79a7", "#e69f00", "#56b4e9"];
const LEGEND_HEIGHT = 30;

interface Layout {
  /** Panels in a row. */
  readonly columns: number;
  readonly xLabel: string;
  /** Meaning of the discs. */
  readonly discLabel: string;
}

/** Panels in rows, with one legend for all; curves of the same name have the same color. */
export function svgPlots(panels: readonly Panel[], { columns, xLabel, discLabel }: Layout): string {
  const names = [...new Set(panels.flatMap(({ curves }) => curves.map(({ name }) => name)))];
  const color = (name: string) => COLOURS[names.indexOf(name) % COLOURS.length]!;
  const [width, height] = [columns * WIDTH, Math.ceil(panels.length / columns) * HEIGHT + LEGEND_HEIGHT];
  const legend = names.map((name, i) =>
    `<g transform="translate(${20 + i * 120},16)"><path d="M0 0h24" stroke="${color(name)}" stroke-width="2"/>` +
    `<text x="30" y="4">${escaped(name)}</text></g>`
  );
  const discs = `<g transform="translate(${20 + names.length * 120},16)"><circle cx="12" r="4" fill="#555"/>` +
    `<text x="30" y="4">${escaped(discLabel)}</text></g>`;
  const drawn = panels.map((panel, i) => {
    const [x, y] = [(i % columns) * WIDTH, Math.floor(i / columns) * HEIGHT + LEGEND_HEIGHT];
    return `<g transform="translate(${x},${y})">${drawPanel(panel, xLabel, color)}</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `font-family="sans-serif" font-size="11" fill="#222">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...legend,
    discs,
    ...drawn,
    "</svg>",
    "",
  ].join("\n");
}

function drawPanel(panel: Panel, xLabel: string, color: (name: string) => string): string {
  const all = panel.curves.flatMap(({ points }) => points);
  const heights = all.map(([, value]) => value).filter((value) => value >= (panel.leastY ?? value));
  const x = axis(all.map(([value]) => value), { logarithmic: true, from: LEFT, to: WIDTH - RIGHT });
  const y = axis(heights, {
    logarithmic: panel.logarithmicY,
    from: HEIGHT - BOTTOM,
    to: TOP,
  });
  const grid = [
    ...x.ticks.map((t) =>
      `<path d="M${x.at(t)} ${TOP}V${HEIGHT - BOTTOM}" stroke="#ddd"/>` +
      `<text x="${x.at(t)}" y="${HEIGHT - BOTTOM + 13}" text-anchor="middle">${label(t)}</text>`
    ),
    ...y.ticks.map((t) =>
      `<path d="M${LEFT} ${y.at(t)}H${WIDTH - RIGHT}" stroke="#ddd"/>` +
      `<text x="${LEFT - 4}" y="${y.at(t) + 4}" text-anchor="end">${label(t)}</text>`
    ),
  ];
  const curves = panel.curves.map(({ name, points, disc }) => {
    const path = points.map(([px, py], i) => `${i === 0 ? "M" : "L"}${x.at(px)} ${y.at(py)}`).join("");
    const mark = disc ? `<circle cx="${x.at(disc[0])}" cy="${y.at(disc[1])}" r="4" fill="${color(name)}"/>` : "";
    return `<path d="${path}" fill="none" stroke="${color(name)}" stroke-width="1.8"/>${mark}`;
  });
  const titles = `<text x="${LEFT}" y="${TOP - 9}" font-weight="bold">${escaped(panel.title)}</text>` +
    `<text x="${WIDTH - RIGHT}" y="${TOP - 9}" text-anchor="end">${escaped(panel.yLabel)}</text>` +
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 6}" text-anchor="middle">${escaped(xLabel)}</text>`;
  const [width, height] = [WIDTH - RIGHT - LEFT, HEIGHT - BOTTOM - TOP];
  // Discs may reach beyond the edge a little.
  const clipped = `<svg x="${LEFT - 5}" y="${TOP - 5}" width="${width + 10}" height="${height + 10}" ` +
    `viewBox="${LEFT - 5} ${TOP - 5} ${width + 10} ${height + 10}">${curves.join("")}</svg>`;
  return [...grid, clipped, titles].join("");
}

/** Positions of values on an axis, and the ones that are labelled. */
function axis(
  values: readonly number[],
  { logarithmic, from, to }: { logarithmic: boolean; from: number; to: number },
): { at: (value: number) => number; ticks: number[] } {
  const scaled = (value: number) => (logarithmic ? Math.log10(value) : value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const span = scaled(high) - scaled(low) || 1;
  const at = (value: number) => Math.round((from + (to - from) * (scaled(value) - scaled(low)) / span) * 10) / 10;
  return { at, ticks: logarithmic ? decades(low, high) : evenly(low, high) };
}

/** 1, 2 and 5 times powers of ten, or the powers alone where there are many. */
function decades(low: number, high: number): number[] {
  const steps = high / low > 1000 ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const step of steps) ticks.push(step * 10 ** power);
  }
  return ticks.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
}

/** Four to eight round numbers. */
function evenly(low: number, high: number): number[] {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((s) => s * power).find((s) => s >= rough)!;
  const ticks: number[] = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) ticks.push(tick);
  return ticks;
}

function label(value: number): string {
  return value < 0.001 ? value.toExponential(0) : String(Number(value.toPrecision(6)));
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
