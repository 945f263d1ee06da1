/** Textures of tiles. A tile is uploaded once, and again only when its values change. */
import type { Tile } from "../data/tile_loader.ts";
import type { TileValues } from "../data/cut_tile.ts";

/** Bytes of textures that are kept on the GPU. */
const MAX_BYTES = 256 * 2 ** 20;

interface Kept {
  readonly texture: WebGLTexture;
  readonly version: number;
  readonly bytes: number;
}

/** Textures by the keys of their tiles. */
export class TextureCache {
  readonly #gl: WebGL2RenderingContext;
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  }

  /** Binds the texture of a tile, uploading it if it is not there as it is now. */
  bind({ request: { key, u, v }, values, version }: Tile & { readonly values: TileValues }): void {
    const gl = this.#gl;
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    gl.bindTexture(gl.TEXTURE_2D, kept?.texture ?? this.#create());
    if (kept?.version === version) {
      this.#kept.set(key, kept);
      return;
    }
    const texture: WebGLTexture = gl.getParameter(gl.TEXTURE_BINDING_2D);
    const [stored, format, type] = textureForm(gl, values);
    gl.texImage2D(gl.TEXTURE_2D, 0, stored, u.length, v.length, 0, format, type, values);
    this.#bytes += values.byteLength - (kept?.bytes ?? 0);
    this.#kept.set(key, { texture, version, bytes: values.byteLength });
  }

  /** Frees what was drawn longest ago. */
  evict(): void {
    for (const [key, { texture, bytes }] of this.#kept) {
      if (this.#bytes <= MAX_BYTES) return;
      this.#gl.deleteTexture(texture);
      this.#kept.delete(key);
      this.#bytes -= bytes;
    }
  }

  #create(): WebGLTexture {
    const gl = this.#gl;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    // Voxels are shown as they are, and textures of whole numbers have no other filter.
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    return texture;
  }
}

function textureForm(gl: WebGL2RenderingContext, values: TileValues): [stored: number, format: number, type: number] {
  if (values instanceof Uint8Array) return [gl.R8UI, gl.RED_INTEGER, gl.UNSIGNED_BYTE];
  if (values instanceof Uint16Array) return [gl.R16UI, gl.RED_INTEGER, gl.UNSIGNED_SHORT];
  return [gl.R32F, gl.RED, gl.FLOAT];
}
