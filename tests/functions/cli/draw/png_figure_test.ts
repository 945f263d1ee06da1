import { assert, assertEquals } from "@std/assert";
import { decode } from "fast-png";
import { PngCanvas, textWidth } from "functions/cli/draw/png_canvas.ts";
import { drawFigure } from "functions/cli/draw/png_figure.ts";
import { hasInk } from "functions/cli/draw/png_font.ts";

Deno.test("a letter is drawn dot by dot", () => {
  const rows = Array.from(
    { length: 7 },
    (_, row) => [0, 1, 2, 3, 4].map((column) => hasInk("F", row, column) ? "#" : ".").join(""),
  );
  assertEquals(rows, ["#####", "#....", "#....", "####.", "#....", "#....", "#...."]);
});

Deno.test("text covers the width that it is measured to have, and no more", () => {
  const canvas = new PngCanvas(60, 20, [0, 0, 0]);
  canvas.text({ left: 3, top: 2 }, "Hm", { color: [255, 255, 255], dot: 2 });
  const { data, width } = decode(canvas.encode());
  const columns = Array.from(
    { length: width },
    (_, x) => [...Array(20).keys()].some((y) => data[(y * width + x) * 3] > 0),
  );
  assertEquals([columns.indexOf(true), columns.lastIndexOf(true) + 1], [3, 3 + textWidth("Hm", 2)]);
});

Deno.test("what is drawn outside of a canvas is cut off", () => {
  const canvas = new PngCanvas(4, 4, [1, 2, 3]);
  canvas.fill({ left: 2, top: -5, width: 100, height: 6 }, [9, 9, 9]);
  const { data } = decode(canvas.encode());
  assertEquals([...data.slice(0, 12)], [1, 2, 3, 1, 2, 3, 9, 9, 9, 9, 9, 9]);
  assertEquals([...data.slice(12, 24)], [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3]);
});

Deno.test("a slice shows its plane and a projection the brightest voxel of all", () => {
  const shape = [4, 48, 48] as const;
  const withBlock = new Float32Array(4 * 48 * 48);
  // A block of 4 x 4 voxels: single ones would be left out of the contrast.
  for (let y = 4; y < 8; y++) withBlock.fill(100, (2 * 48 + y) * 48 + 4, (2 * 48 + y) * 48 + 8);
  function brightest(view: "slice" | "projection", z: number): number {
    const options = { heading: "", shape, voxelMicrometre: [0.2, 0.1, 0.1] as const, view, at: [z, 0, 0] as const };
    const { data, width } = decode(drawFigure([{ title: "", values: withBlock }], options).encode());
    // The picture from above starts below heading and title; the block lies at its voxels 4 to 8, enlarged twice.
    const pixel = (68 + 12) * width + 14 + 12;
    return data[pixel * 3];
  }
  assert(brightest("slice", 2) > 240);
  assert(brightest("slice", 1) < 10);
  assert(brightest("projection", 1) > 240);
});
