/** Shaders of tiles. Values stay as they are stored; contrast and color are applied for each pixel of the screen. */

/** Places a tile: `corners` are its left, top, right and bottom in clip space, `voxels` its sides. */
export const VERTEX_SHADER = `#version 300 es
uniform vec4 corners;
uniform vec2 voxels;
out highp vec2 voxel;

void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  voxel = corner * voxels;
  gl_Position = vec4(mix(corners.xy, corners.zw, corner), 0.0, 1.0);
}
`;

/** Colors a pixel by the voxel that its middle lies in; NaN is black. @param sampler `usampler2D` for whole numbers */
export function fragmentShader(sampler: "usampler2D" | "sampler2D"): string {
  return `#version 300 es
precision highp float;
precision highp ${sampler};
uniform ${sampler} tile;
uniform vec2 voxels;
uniform vec2 contrast;
uniform vec3 color;
in highp vec2 voxel;
out vec4 pixel;

void main() {
  ivec2 at = ivec2(clamp(floor(voxel), vec2(0.0), voxels - 1.0));
  float value = float(texelFetch(tile, at, 0).r);
  float intensity = clamp((value - contrast.x) / (contrast.y - contrast.x), 0.0, 1.0);
  pixel = vec4(isnan(value) ? vec3(0.0) : color * intensity, 1.0);
}
`;
}
