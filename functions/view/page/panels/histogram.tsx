/** A histogram with a handle for black and one for full color. */
import { useMemo, useRef } from "preact/hooks";
import type { Contrast, Histogram as Counts } from "../state/contrast.ts";
import { shortNumber } from "../state/scale_bar.ts";

/** Sides of the drawing in its own units; it is stretched to the width of the panel. */
const WIDTH = 256;
const HEIGHT = 44;

/** Part of the range that an arrow key moves a handle by, and with Shift or Page. */
const STEP = 1 / 200;
const LARGE_STEP = 1 / 20;

interface HistogramProps {
  /** Of what: a channel of an image. */
  readonly label: string;
  readonly counts: Counts | undefined;
  readonly contrast: Contrast;
  readonly color: string;
  readonly change: (contrast: Contrast) => void;
}

/** Draws how often values occur, the rarest still to be seen, and lets both ends of the contrast be moved. */
export function Histogram({ label, counts, contrast, color, change }: HistogramProps) {
  const frame = useRef<HTMLDivElement>(null);
  const low = Math.min(counts?.low ?? contrast.start, contrast.start);
  const high = Math.max(counts?.high ?? contrast.end, contrast.end);
  const path = useMemo(() => counts && outline(counts, low, high), [counts, low, high]);
  const part = (value: number) => (value - low) / (high - low);
  const move = (end: "start" | "end", value: number) => {
    const gap = (high - low) / 1000;
    change(
      end === "start"
        ? { start: Math.min(Math.max(value, low), contrast.end - gap), end: contrast.end }
        : { start: contrast.start, end: Math.max(Math.min(value, high), contrast.start + gap) },
    );
  };
  const valueAt = (event: PointerEvent) => {
    const { left, width } = frame.current!.getBoundingClientRect();
    return low + (high - low) * (event.clientX - left) / width;
  };
  const handle = (end: "start" | "end", words: string) => (
    <div
      class={`handle ${end}`}
      role="slider"
      tabIndex={0}
      aria-label={`${label}: ${words}`}
      aria-orientation="horizontal"
      aria-valuemin={low}
      aria-valuemax={high}
      aria-valuenow={contrast[end]}
      aria-valuetext={shortNumber(contrast[end])}
      style={{ left: `${100 * part(contrast[end])}%` }}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => event.currentTarget.hasPointerCapture(event.pointerId) && move(end, valueAt(event))}
      onKeyDown={(event) => {
        const value = steppedValue(event, { value: contrast[end], low, high });
        if (value !== undefined) move(end, value);
      }}
    />
  );
  return (
    <div class="histogram">
      <div class="frame" ref={frame} style={{ color }}>
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          <path d={path ?? ""} />
          <line x1={WIDTH * part(contrast.start)} y1={HEIGHT} x2={WIDTH * part(contrast.end)} y2={0} />
        </svg>
        {handle("start", "black at")}
        {handle("end", "full color at")}
      </div>
      <div class="ends" aria-hidden="true">
        <span>{shortNumber(contrast.start)}</span>
        <span>{shortNumber(contrast.end)}</span>
      </div>
    </div>
  );
}

/** The value that a key moves a handle to, if it is one of a slider. */
function steppedValue(event: KeyboardEvent, { value, low, high }: { value: number; low: number; high: number }) {
  const small = (high - low) * (event.shiftKey ? LARGE_STEP : STEP);
  const large = (high - low) * LARGE_STEP;
  const moved: Readonly<Record<string, number>> = {
    ArrowLeft: value - small,
    ArrowDown: value - small,
    ArrowRight: value + small,
    ArrowUp: value + small,
    PageDown: value - large,
    PageUp: value + large,
    Home: low,
    End: high,
  };
  const target = moved[event.key];
  if (target !== undefined) event.preventDefault();
  return target;
}

/** The outline of the counts as an SVG path; heights are logarithms, since most voxels are background. */
function outline({ low, high, counts }: Counts, from: number, to: number): string {
  const most = Math.log1p(counts.reduce((largest, count) => Math.max(largest, count), 1));
  const x = (bin: number) => WIDTH * (low + (high - low) * bin / counts.length - from) / (to - from);
  const steps = Array.from(counts, (count, bin) => {
    const y = (HEIGHT * (1 - Math.log1p(count) / most)).toFixed(1);
    return `L${x(bin).toFixed(1)} ${y}L${x(bin + 1).toFixed(1)} ${y}`;
  });
  return `M${x(0).toFixed(1)} ${HEIGHT}${steps.join("")}L${x(counts.length).toFixed(1)} ${HEIGHT}Z`;
}
