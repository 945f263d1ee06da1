/**
 * Draws a scene with WebGL2: two fixed shaders, a texture for each tile, additive channels, a scissor for each image.
 *
 * A library would draw here if one did what is asked: swipe between two images, cut XZ and YZ out of chunks, and fit into 500 KB of
 * script. Sizes are of the library alone, bundled, minified and gzipped by esbuild:
 *
 * - Viv (@vivjs/layers and @vivjs/loaders 0.21.0 on deck.gl): 825 KB; its tiles are of XY, a selection picks the rest.
 * - NiiVue 0.69.0: 800 KB; it takes one level of a Zarr as one volume, and has no divider between two.
 * - neuroglancer 2.41.2: its package takes a dependency from outside the registry; a whole program, without a divider.
 */
import type { Tile, TileLoader } from "../data/tile_loader.ts";
import type { TileValues } from "../data/cut_tile.ts";
import type { TileRequest } from "../data/tile_request.ts";
import type { PlaneRect } from "../state/camera.ts";
import type { Scene, SceneSide } from "./scene.ts";
import { fragmentShader, VERTEX_SHADER } from "./shaders.ts";
import { TextureCache } from "./texture_cache.ts";

/** Size of the picture, device pixels. */
interface PixelSize {
  readonly width: number;
  readonly height: number;
}

interface Program {
  readonly program: WebGLProgram;
  readonly corners: WebGLUniformLocation | null;
  readonly voxels: WebGLUniformLocation | null;
  readonly contrast: WebGLUniformLocation | null;
  readonly color: WebGLUniformLocation | null;
}

/** Draws scenes into a canvas. */
interface Renderer {
  /** Draws what is there of a scene. */
  draw(scene: Scene, size: PixelSize, tiles: Pick<TileLoader, "get">): void;
}

/** Most channels whose tiles can be told apart in the stencil. */
const MAX_STENCIL = 255;

/** @returns undefined where the browser has no WebGL2 */
export function createRenderer(canvas: HTMLCanvasElement): Renderer | undefined {
  const gl = canvas.getContext("webgl2", { alpha: true, antialias: false, depth: false, stencil: true });
  if (gl === null) return undefined;
  const programs = { whole: createProgram(gl, "usampler2D"), real: createProgram(gl, "sampler2D") };
  const textures = new TextureCache(gl);
  gl.bindVertexArray(gl.createVertexArray());
  gl.enable(gl.SCISSOR_TEST);
  gl.enable(gl.STENCIL_TEST);
  gl.stencilOp(gl.KEEP, gl.KEEP, gl.REPLACE);
  gl.blendFunc(gl.ONE, gl.ONE);
  const pencil: Pencil = { gl, programs, textures };
  return {
    draw(scene, size, tiles) {
      // Of a context that the browser took away, nothing can be asked.
      if (gl.isContextLost()) return;
      if (canvas.width !== size.width) canvas.width = size.width;
      if (canvas.height !== size.height) canvas.height = size.height;
      gl.viewport(0, 0, size.width, size.height);
      gl.disable(gl.BLEND);
      scissor(gl, size, { left: 0, right: size.width, top: 0, bottom: size.height });
      gl.clearColor(0, 0, 0, 0);
      gl.clearStencil(0);
      gl.clear(gl.COLOR_BUFFER_BIT | gl.STENCIL_BUFFER_BIT);
      gl.enable(gl.BLEND);
      for (const side of scene.sides) drawSide(pencil, side, { scene, size, tiles });
      textures.evict();
    },
  };
}

interface Pencil {
  readonly gl: WebGL2RenderingContext;
  readonly programs: { readonly whole: Program; readonly real: Program };
  readonly textures: TextureCache;
}

interface Paper {
  readonly scene: Scene;
  readonly size: PixelSize;
  readonly tiles: Pick<TileLoader, "get">;
}

/** An image in its part of the picture: black where the image is, and its channels added up on that. */
function drawSide(pencil: Pencil, side: SceneSide, { scene, size, tiles }: Paper): void {
  const { gl } = pencil;
  const place = placeIn(scene.seen, scene.image);
  const [from, to] = [Math.round(side.from * size.width), Math.round(side.to * size.width)];
  scissor(gl, size, {
    left: Math.max(from, Math.round(place.u0 * size.width)),
    right: Math.min(to, Math.round(place.u1 * size.width)),
    top: Math.max(0, Math.round(place.v0 * size.height)),
    bottom: Math.min(size.height, Math.round(place.v1 * size.height)),
  });
  gl.clearColor(0, 0, 0, 1);
  gl.clear(gl.COLOR_BUFFER_BIT);
  for (const { channel, color, contrast, layers } of side.channels) {
    if (contrast === undefined) continue;
    // Every pixel takes each channel once, from the finest level that has come.
    gl.stencilFunc(gl.NOTEQUAL, 1 + channel % MAX_STENCIL, 0xff);
    for (const request of layers.flat()) {
      const tile = tiles.get(request.key);
      if (tile?.values === undefined) continue;
      const { corners, voxels, ...program } = programFor(pencil, tile.values);
      gl.useProgram(program.program);
      pencil.textures.bind(tile as Tile & { values: TileValues });
      gl.uniform4f(corners, ...clipCorners(scene.seen, request));
      gl.uniform2f(voxels, request.u.length, request.v.length);
      gl.uniform2f(program.contrast, contrast.start, contrast.end);
      gl.uniform3f(program.color, ...color);
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    }
  }
}

function programFor({ programs }: Pencil, values: TileValues): Program {
  return values instanceof Float32Array ? programs.real : programs.whole;
}

/** Left, top, right and bottom of a tile in clip space. */
function clipCorners(seen: PlaneRect, { rect }: TileRequest): [number, number, number, number] {
  const { u0, v0, u1, v1 } = placeIn(seen, rect);
  return [2 * u0 - 1, 1 - 2 * v0, 2 * u1 - 1, 1 - 2 * v1];
}

/** A part of the plane in parts of what is seen, 0 to 1. */
function placeIn(seen: PlaneRect, { u0, v0, u1, v1 }: PlaneRect): PlaneRect {
  const [width, height] = [seen.u1 - seen.u0, seen.v1 - seen.v0];
  return {
    u0: (u0 - seen.u0) / width,
    v0: (v0 - seen.v0) / height,
    u1: (u1 - seen.u0) / width,
    v1: (v1 - seen.v0) / height,
  };
}

interface PixelRect {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Limits drawing to a rectangle that is counted from the top; WebGL counts from the bottom. */
function scissor(gl: WebGL2RenderingContext, { height }: PixelSize, { left, right, top, bottom }: PixelRect): void {
  gl.scissor(left, height - bottom, Math.max(0, right - left), Math.max(0, bottom - top));
}

function createProgram(gl: WebGL2RenderingContext, sampler: "usampler2D" | "sampler2D"): Program {
  const program = gl.createProgram();
  for (
    const [type, source] of [[gl.VERTEX_SHADER, VERTEX_SHADER], [gl.FRAGMENT_SHADER, fragmentShader(sampler)]] as const
  ) {
    const shader = gl.createShader(type)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(`a shader does not compile: ${gl.getProgramInfoLog(program)}`);
  }
  const uniform = (name: string) => gl.getUniformLocation(program, name);
  return {
    program,
    corners: uniform("corners"),
    voxels: uniform("voxels"),
    contrast: uniform("contrast"),
    color: uniform("color"),
  };
}
