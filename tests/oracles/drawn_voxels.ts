/** What other viewers draw of an image, held against its voxels. */
import { assert } from "@std/assert";
import { decode } from "fast-png";
import type { Page } from "playwright-core";

/** Of a picture of a page, pixels. */
interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** A plane that a page is to show. */
interface DrawnPlane {
  readonly shape: { readonly y: number; readonly x: number };
  /** Column and row of the pixel that shows a voxel, in a picture of this size; asked for each picture anew. */
  readonly place: (picture: PictureSize) => Promise<(y: number, x: number) => readonly [number, number]>;
  /** Grey of a voxel, 0 to 255. */
  readonly expected: (y: number, x: number) => number;
  /** What a failure tells besides. @default {nothing} */
  readonly besides?: () => string;
}

/** Pictures that are taken, half a second apart, until all is drawn. */
const PICTURES = 61;

/** Waits until a page shows every voxel as it is to be. */
export async function waitUntilDrawn(
  page: Page,
  { shape, place, expected, besides = () => "" }: DrawnPlane,
): Promise<void> {
  for (let left = PICTURES - 1;; left--) {
    const picture = decode(new Uint8Array(await page.screenshot()));
    const pixelOf = await place(picture);
    const wrong: string[] = [];
    for (let y = 0; y < shape.y; y++) {
      for (let x = 0; x < shape.x; x++) {
        const [column, row] = pixelOf(y, x);
        const at = (row * picture.width + column) * picture.channels;
        const seen = [...picture.data.subarray(at, at + 3)];
        // Eight bits on the screen, float32 in the shader: one step, and half a step of rounding.
        if (seen.every((part) => Math.abs(part - expected(y, x)) <= 1.5)) continue;
        wrong.push(`row ${y}, column ${x}: ${seen} instead of ${expected(y, x)}`);
      }
    }
    if (wrong.length === 0) return;
    assert(left > 0, `${wrong.length} voxels are not as they are stored, such as ${wrong[0]}${besides()}`);
    await page.waitForTimeout(500);
  }
}
