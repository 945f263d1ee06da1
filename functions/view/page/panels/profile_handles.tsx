/** The line of a profile over the picture, with its two ends to be moved. */
import { moveLineEnd, nudgeLineEnd } from "../input/profile_line.ts";
import { toPlane, toScreen } from "../state/camera.ts";
import { shortNumber } from "../state/scale_bar.ts";
import type { Viewer } from "../state/viewer.ts";

/** Pixels that an arrow key moves an end by, and with Shift. */
const STEP = 2;
const LARGE_STEP = 20;

/** The line; nothing where no profile is taken. */
export function ProfileHandles({ viewer }: { readonly viewer: Viewer }) {
  const { line, camera, size } = viewer;
  if (line.value === undefined || camera.value === undefined) return null;
  const [from, to] = line.value.map((point) => toScreen(camera.value!, size.value, point));
  return (
    <>
      <svg class="profile-line" aria-hidden="true">
        <line x1={from!.x} y1={from!.y} x2={to!.x} y2={to!.y} />
      </svg>
      <LineEnd viewer={viewer} end={0} />
      <LineEnd viewer={viewer} end={1} />
    </>
  );
}

function LineEnd({ viewer, end }: { readonly viewer: Viewer; readonly end: 0 | 1 }) {
  const { line, camera, size } = viewer;
  const point = line.value![end];
  const place = toScreen(camera.value!, size.value, point);
  return (
    <button
      type="button"
      class="line-end"
      aria-label={`${end === 0 ? "Start" : "End"} of the profile at ${shortNumber(point.u)}, ${
        shortNumber(point.v)
      }; arrow keys move it`}
      style={{ left: `${place.x}px`, top: `${place.y}px` }}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
        const { left, top } = event.currentTarget.parentElement!.getBoundingClientRect();
        moveLineEnd(
          viewer,
          end,
          toPlane(camera.value!, size.value, { x: event.clientX - left, y: event.clientY - top }),
        );
      }}
      onKeyDown={(event) => {
        const by = event.shiftKey ? LARGE_STEP : STEP;
        const steps: Readonly<Record<string, readonly [number, number]>> = {
          ArrowLeft: [-by, 0],
          ArrowRight: [by, 0],
          ArrowUp: [0, -by],
          ArrowDown: [0, by],
        };
        const [x, y] = steps[event.key] ?? [];
        if (x === undefined || y === undefined) return;
        event.preventDefault();
        nudgeLineEnd(viewer, end, { x, y });
      }}
    />
  );
}
