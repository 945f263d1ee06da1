/** The line between before and after, which pointers and arrow keys move. */
import type { Viewer } from "../state/viewer.ts";

/** Part of the width that an arrow key moves the divider by, and with Shift or Page. */
const STEP = 0.01;
const LARGE_STEP = 0.1;

/** The divider; nothing where only one image is shown. */
export function Divider({ viewer }: { readonly viewer: Viewer }) {
  const { divider, shown, size } = viewer;
  if (shown.value.length < 2) return null;
  const move = (to: number) => divider.value = Math.min(Math.max(to, 0), 1);
  const percent = Math.round(100 * divider.value);
  return (
    <div
      class="divider"
      role="slider"
      tabIndex={0}
      aria-label="Divider between before and after"
      aria-orientation="horizontal"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      aria-valuetext={`${percent} % before, ${100 - percent} % after`}
      style={{ left: `${100 * divider.value}%` }}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
        const { left } = event.currentTarget.parentElement!.getBoundingClientRect();
        move((event.clientX - left) / size.value.width);
      }}
      onKeyDown={(event) => {
        const small = event.shiftKey ? LARGE_STEP : STEP;
        const steps: Readonly<Record<string, number>> = {
          ArrowLeft: -small,
          ArrowDown: -small,
          ArrowRight: small,
          ArrowUp: small,
          PageDown: -LARGE_STEP,
          PageUp: LARGE_STEP,
          Home: -1,
          End: 1,
        };
        const by = steps[event.key];
        if (by === undefined) return;
        event.preventDefault();
        move(divider.value + by);
      }}
    >
      <span class="grip" aria-hidden="true" />
    </div>
  );
}
