/** The canvas against data whose voxels are known. */
import { assert } from "@std/assert";
import type { Page } from "playwright-core";
import { type PlaneName, PLANES } from "functions/view/page/state/plane.ts";
import { canvasPixels } from "./served_page.ts";

type Side = "before" | "after";
type Contrasts = Readonly<Record<Side, { readonly start: number; readonly end: number }>>;

/** Both images that a page shows. */
export interface KnownImages {
  readonly shape: { readonly c: number; readonly z: number; readonly y: number; readonly x: number };
  /** World units from voxel to voxel. */
  readonly spacing: Readonly<Record<"z" | "y" | "x", number>>;
  readonly value: (side: Side, at: Readonly<Record<"t" | "c" | "z" | "y" | "x", number>>) => number;
  readonly contrast: Contrasts;
  /** Red, green and blue of each channel, 0 to 1. */
  readonly rgb: readonly (readonly number[])[];
}

/** What is to be seen. */
export interface Look {
  readonly plane?: PlaneName;
  /** Voxel along the axis into the screen; `all` for the maximum projection. */
  readonly depth: number | "all";
  readonly time?: number;
  readonly channels?: readonly number[];
  readonly contrast?: Contrasts;
  readonly rgb?: KnownImages["rgb"];
  /** Place of the divider. */
  readonly divider?: number;
}

/**
 * Compares the canvas with what the data say, voxel by voxel. Colors are 8 bits on the screen and float32 in the shader: they agree
 * to a step of one for each channel.
 */
export async function compareCanvas(page: Page, images: KnownImages, look: Look): Promise<void> {
  const { shape, spacing } = images;
  const { plane = "xy", depth, time = 0, contrast = images.contrast, rgb = images.rgb, divider = 0.5 } = look;
  const channels = look.channels ?? Array.from({ length: shape.c }, (_, c) => c);
  const { u, v, w } = PLANES[plane];
  const half = { u: spacing[u] / 2, v: spacing[v] / 2 };
  const pixels = await canvasPixels(page, {
    u0: -half.u,
    v0: -half.v,
    u1: shape[u] * spacing[u] - half.u,
    v1: shape[v] * spacing[v] - half.v,
  });
  let compared = 0;
  for (let row = 0; row < shape[v]; row++) {
    for (let column = 0; column < shape[u]; column++) {
      const seen = pixels.at(column * spacing[u], row * spacing[v]);
      if (seen === undefined) continue;
      const side = pixels.left(column * spacing[u]) < divider * pixels.width ? "before" : "after";
      const valueAt = (c: number, at: number) => {
        const place = { [u]: column, [v]: row, [w]: at } as Record<"z" | "y" | "x", number>;
        return images.value(side, { t: time, c, ...place });
      };
      const expected = [0, 0, 0];
      for (const c of channels) {
        const value = depth === "all"
          ? Array.from({ length: shape[w] }, (_, at) => valueAt(c, at)).reduce((most, one) => Math.max(most, one))
          : valueAt(c, depth);
        const { start, end } = contrast[side];
        const intensity = Math.min(1, Math.max(0, (value - start) / (end - start)));
        expected.forEach((_, part) => expected[part]! += 255 * intensity * rgb[c]![part]!);
      }
      const far = expected.findIndex((value, part) =>
        Math.abs(Math.min(255, value) - seen[part]!) > 1.5 * channels.length
      );
      assert(far < 0, `${side}, column ${column}, row ${row}: ${seen} where ${expected.map(Math.round)} was expected`);
      compared++;
    }
  }
  assert(compared > shape[u] * shape[v] / 2, `only ${compared} voxels can be seen`);
}
