/** Parts that all drawings share: numbers, texts, colors for light and dark pages, and grids that never turn grey. */

/** Grid lines closer than this, in pixels, would be a grey area. */
const MIN_SPACING = 4;

const FONT_PIXELS = 13;
/** Of an average character; texts are placed by it, since nothing here knows the font. */
const CHARACTER_PIXELS = 7.5;

/** Colors by role. */
const LIGHT = {
  ...{ page: "#ffffff", frame: "#d5dbe2", ink: "#1d2530", quiet: "#5d6b7a", line: "#2b3a4a" },
  ...{ front: "#e6eff8", top: "#f3f8fc", side: "#d3e0ed" },
  ...{ chunk: "#8fa8bf", shard: "#1b7f76", tile: "#1f5f99", core: "#1f5f99", mark: "#e8a33d", rim: "#a9690b" },
};
const DARK: typeof LIGHT = {
  ...{ page: "#12171d", frame: "#2c3642", ink: "#e6ebf1", quiet: "#9aa8b7", line: "#b8c7d6" },
  ...{ front: "#1f2d3c", top: "#2a3c4e", side: "#182430" },
  ...{ chunk: "#567491", shard: "#5cc8bc", tile: "#7fb0de", core: "#4f8fcb", mark: "#e8a33d", rim: "#f3c67f" },
};

const SHAPES = `
  text { font: ${FONT_PIXELS}px system-ui, "Helvetica Neue", "DejaVu Sans", sans-serif }
  .title { font-weight: 600 }
  .array, .front, .top, .side { stroke-width: 1.5; stroke-linejoin: round }
  .chunk, .shard, .tile { fill: none }
  .chunk { stroke-width: 0.75 }
  .shard { stroke-width: 1.5 }
  .tile { stroke-width: 1.25 }
  .mark, .box { fill-opacity: 0.45; stroke-width: 1.25; stroke-linejoin: round }
  .core { fill-opacity: 0.55; stroke: none }`;

/** Written out twice, as not every program that draws SVG knows variables of CSS. */
function colors(of: typeof LIGHT): string {
  return `
  text { fill: ${of.ink} } .quiet { fill: ${of.quiet} }
  .page { fill: ${of.page}; stroke: ${of.frame} }
  .array, .front, .top, .side { stroke: ${of.line} }
  .array, .front { fill: ${of.front} } .top { fill: ${of.top} } .side { fill: ${of.side} }
  .chunk { stroke: ${of.chunk} } .shard { stroke: ${of.shard} } .tile { stroke: ${of.tile} }
  .mark, .box { fill: ${of.mark}; stroke: ${of.rim} } .core { fill: ${of.core} }`;
}

const STYLE = `${SHAPES}${colors(LIGHT)}
  @media (prefers-color-scheme: dark) {${colors(DARK)}
  }
`;

/** A document: a card that is legible on pages of any color. */
export function svgDocument(
  { width, height, title, body }: {
    readonly width: number;
    readonly height: number;
    readonly title: string;
    readonly body: string;
  },
): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${px(width)}" height="${px(height)}" ` +
    `viewBox="0 0 ${px(width)} ${px(height)}" role="img">
<title>${escapeXml(title)}</title>
<style>${STYLE}</style>
<rect class="page" x="0.5" y="0.5" width="${px(width - 1)}" height="${px(height - 1)}" rx="8"/>
${body}
</svg>
`;
}

interface TextOptions {
  readonly x: number;
  /** Of the baseline. */
  readonly y: number;
  /** @default {start} */
  readonly anchor?: "start" | "middle" | "end";
  readonly kind?: "title" | "quiet";
}

export function svgText(text: string, { x, y, anchor = "start", kind }: TextOptions): string {
  const end = anchor === "start" ? "" : ` text-anchor="${anchor}"`;
  const style = kind === undefined ? "" : ` class="${kind}"`;
  return `<text${style} x="${px(x)}" y="${px(y)}"${end}>${escapeXml(text)}</text>`;
}

/** About how wide a text is, pixels. */
export function textWidth(text: string): number {
  return text.length * CHARACTER_PIXELS;
}

/** A closed polygon through these points. */
export function polygon(kind: string, points: readonly (readonly [x: number, y: number])[]): string {
  return `<path class="${kind}" d="M${points.map(([x, y]) => `${px(x)} ${px(y)}`).join("L")}Z"/>`;
}

/** Borders inside an axis: where they are, and whether some had to be left out. */
export interface Borders {
  /** In voxels. */
  readonly at: readonly number[];
  /** Every how-many-th border is among them; 1 for all. */
  readonly every: number;
}

/** The borders between pieces of `step` along an axis, at most as many as can be told apart in so many pixels. */
export function visibleBorders(length: number, step: number, pixels: number): Borders {
  const spacing = pixels * step / length;
  const every = spacing >= MIN_SPACING ? 1 : 2 ** Math.ceil(Math.log2(MIN_SPACING / spacing));
  const at: number[] = [];
  for (let border = step * every; border < length; border += step * every) at.push(border);
  return { at, every };
}

/** Pixels with at most two decimals. */
export function px(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** Text as it may stand in XML. */
function escapeXml(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "\ufffd").replace(/&/g, "&amp;").replace(
    /</g,
    "&lt;",
  )
    .replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}
