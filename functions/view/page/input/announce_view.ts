/** What is looked at, in words for those who do not see it. */
import { announce, depthAxis, type Viewer } from "../state/viewer.ts";

/** Names of ways to compare. */
const COMPARED = {
  swipe: "Before and after beside each other",
  blink: "Before and after in turn",
  before: "Before",
  after: "After",
};

/** Announces plane, position, time and comparison. */
export function announceView(viewer: Viewer): void {
  const { plane, projection, at, time, compare } = viewer;
  const axis = depthAxis(viewer);
  const shape = viewer.reference.value!.levels[0]!.shape;
  const place = projection.value ? "maximum projection" : `${axis} ${at.value[axis]} of 0 to ${shape[axis] - 1}`;
  const when = shape.t > 1 ? `, time ${time.value} of 0 to ${shape.t - 1}` : "";
  announce(viewer, `${COMPARED[compare.value]}, ${plane.value.toUpperCase()}, ${place}${when}`);
}
