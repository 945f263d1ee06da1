import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  fitCamera,
  panCamera,
  scaleLimits,
  toPlane,
  toScreen,
  visibleRect,
  zoomCamera,
} from "functions/view/page/state/camera.ts";

const SIZE = { width: 800, height: 600 };
const IMAGE = { u0: -0.5, v0: -0.5, u1: 99.5, v1: 49.5 };

Deno.test("a fitted image lies in the middle with a margin on its longer side", () => {
  const camera = fitCamera(IMAGE, SIZE);
  assertEquals(camera.centre, { u: 49.5, v: 24.5 });
  // 92 % of the width for 100 voxels.
  assertAlmostEquals(camera.scale, 0.92 * 800 / 100);
  const seen = visibleRect(camera, SIZE);
  assertEquals(seen.u0 < IMAGE.u0 && seen.v0 < IMAGE.v0 && seen.u1 > IMAGE.u1 && seen.v1 > IMAGE.v1, true);
});

Deno.test("places of the screen and points of the plane are each other's inverse", () => {
  const camera = { centre: { u: 12, v: -3 }, scale: 7 };
  const place = toScreen(camera, SIZE, toPlane(camera, SIZE, { x: 130, y: 411 }));
  assertAlmostEquals(place.x, 130);
  assertAlmostEquals(place.y, 411);
});

Deno.test("zooming keeps what is under the pointer, and stops at single voxels and at a thumbnail", () => {
  const limits = scaleLimits(IMAGE, { u: 1, v: 1 });
  const camera = fitCamera(IMAGE, SIZE);
  const at = { x: 700, y: 100 };
  const before = toPlane(camera, SIZE, at);
  const nearer = zoomCamera(camera, SIZE, { at, factor: 3, limits });
  const after = toPlane(nearer, SIZE, at);
  assertAlmostEquals(after.u, before.u);
  assertAlmostEquals(after.v, before.v);
  assertEquals(zoomCamera(camera, SIZE, { at, factor: 1e9, limits }).scale, 64);
  assertEquals(zoomCamera(camera, SIZE, { at, factor: 1e-9, limits }).scale, 48 / 100);
});

Deno.test("the picture follows the pointer, and its middle stays in the image", () => {
  const camera = fitCamera(IMAGE, SIZE);
  assertAlmostEquals(panCamera(camera, { x: 10, y: 0 }, IMAGE).centre.u, 49.5 - 10 / camera.scale);
  assertEquals(panCamera(camera, { x: 1e6, y: -1e6 }, IMAGE).centre, { u: IMAGE.u0, v: IMAGE.v1 });
});
