import { assertEquals, assertStringIncludes } from "@std/assert";
import { svgPlots } from "../../../infra/quality/svg_plot.ts";

const PANEL = {
  title: "a < b",
  yLabel: "y",
  logarithmicY: false,
  curves: [{ name: "curve", points: [[1, 0], [10, 5], [100, 10]], disc: [10, 5] }],
} as const;

const LAYOUT = { columns: 2, xLabel: "x", discLabel: "disc" };

Deno.test("curves run from corner to corner of their panel, logarithmic along x", () => {
  const svg = svgPlots([PANEL], { ...LAYOUT, columns: 1 });
  // A panel is 330 x 230 with margins of 48 (left), 10 (right), 26 (top) and 34 (bottom).
  assertStringIncludes(svg, `d="M48 196L184 111L320 26"`);
  assertStringIncludes(svg, `<circle cx="184" cy="111"`);
});

Deno.test("titles are escaped and panels of a row lie side by side", () => {
  const svg = svgPlots([PANEL, PANEL, PANEL], LAYOUT);
  assertStringIncludes(svg, "a &lt; b");
  assertEquals(svg.match(/translate\((\d+),(\d+)\)/g)!.slice(2), [
    "translate(0,30)",
    "translate(330,30)",
    "translate(0,260)",
  ]);
});
