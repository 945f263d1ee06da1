/** A picture that is drawn pixel by pixel and written as PNG. */
import { encode } from "fast-png";
import { GLYPH_COLUMNS, GLYPH_ROWS, hasInk } from "./png_font.ts";

/** Red, green, blue, 0 to 255. */
export type Color = readonly [red: number, green: number, blue: number];

/** A grey-level picture: rows of `width` values, 0 black to 1 white. */
export interface Grey {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** Left and top edge of something on a canvas, in pixels. */
interface Place {
  readonly left: number;
  readonly top: number;
}

/** An RGB picture. */
export class PngCanvas {
  readonly #pixels: Uint8Array;

  constructor(readonly width: number, readonly height: number, background: Color) {
    this.#pixels = new Uint8Array(width * height * 3);
    this.fill({ left: 0, top: 0, width, height }, background);
  }

  /** Fills a rectangle; what lies outside the canvas is cut off. */
  fill(rectangle: Place & { readonly width: number; readonly height: number }, color: Color): void {
    const { left, top, width, height } = rectangle;
    for (let y = Math.max(0, top); y < Math.min(this.height, top + height); y++) {
      for (let x = Math.max(0, left); x < Math.min(this.width, left + width); x++) {
        this.#pixels.set(color, (y * this.width + x) * 3);
      }
    }
  }

  picture(place: Place, grey: Grey, map: (grey: number) => Color): void {
    for (let y = 0; y < grey.height; y++) {
      for (let x = 0; x < grey.width; x++) {
        const pixel = (place.top + y) * this.width + place.left + x;
        this.#pixels.set(map(grey.values[y * grey.width + x]), pixel * 3);
      }
    }
  }

  /** Writes one line of text whose dots are `dot` pixels wide. */
  text(place: Place, text: string, { color, dot = 2 }: { color: Color; dot?: number }): void {
    let left = place.left;
    for (const letter of text) {
      for (let row = 0; row < GLYPH_ROWS; row++) {
        for (let column = 0; column < GLYPH_COLUMNS; column++) {
          const at = { left: left + column * dot, top: place.top + row * dot, width: dot, height: dot };
          if (hasInk(letter, row, column)) this.fill(at, color);
        }
      }
      left += (GLYPH_COLUMNS + 1) * dot;
    }
  }

  /** The picture as a PNG file. */
  encode(): Uint8Array {
    return encode({ width: this.width, height: this.height, data: this.#pixels, channels: 3, depth: 8 });
  }
}

/** Width in pixels of a line of text. */
export function textWidth(text: string, dot = 2): number {
  return Math.max(0, [...text].length * (GLYPH_COLUMNS + 1) - 1) * dot;
}
