/** What is compared, and along which plane. */
import { computed } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { announceView } from "../input/announce_view.ts";
import { toggleProfile } from "../input/profile_line.ts";
import { zoomBy } from "../input/zoom_by.ts";
import { choosePlane, fitImage, type Viewer } from "../state/viewer.ts";
import { Segmented } from "./segmented.tsx";

const COMPARED = [["swipe", "Swipe"], ["blink", "Blink"], ["before", "Before"], ["after", "After"]] as const;
const PLANES = [["xy", "XY"], ["xz", "XZ"], ["yz", "YZ"]] as const;
const DEPTHS = [["slice", "Slice"], ["maximum", "Maximum"]] as const;

/** A click of a zoom button makes things half as large again. */
const ZOOM_CLICK = 1.5;

interface ToolbarProps {
  readonly viewer: Viewer;
  readonly help: () => void;
}

/** The bar above the picture. */
export function Toolbar({ viewer, help }: ToolbarProps) {
  const { pictures, compare, plane, projection, line } = viewer;
  const { before, after } = pictures.value;
  const depth = useMemo(() => computed(() => projection.value ? "maximum" as const : "slice" as const), [viewer]);
  const hasDepth = viewer.reference.value!.levels[0]!.shape.z > 1;
  return (
    <div class="toolbar" role="toolbar" aria-label="View">
      {before && after && (
        <Segmented
          label="Comparison"
          choices={COMPARED}
          chosen={compare}
          choose={(value) => {
            compare.value = value;
            announceView(viewer);
          }}
        />
      )}
      {hasDepth && (
        <>
          <Segmented
            label="Plane"
            choices={PLANES}
            chosen={plane}
            choose={(value) => {
              choosePlane(viewer, value);
              announceView(viewer);
            }}
          />
          <Segmented
            label="Depth"
            choices={DEPTHS}
            chosen={depth}
            choose={(value) => {
              projection.value = value === "maximum";
              announceView(viewer);
            }}
          />
        </>
      )}
      <span class="buttons">
        <button type="button" aria-label="Farther" title="Farther (-)" onClick={() => zoomBy(viewer, 1 / ZOOM_CLICK)}>
          −
        </button>
        <button type="button" title="Show the image whole (0)" onClick={() => fitImage(viewer)}>Fit</button>
        <button type="button" aria-label="Nearer" title="Nearer (+)" onClick={() => zoomBy(viewer, ZOOM_CLICK)}>
          +
        </button>
      </span>
      <button
        type="button"
        aria-pressed={line.value !== undefined}
        title="Values along a line (p)"
        onClick={() => toggleProfile(viewer)}
      >
        Profile
      </button>
      <button type="button" class="help" aria-label="Help and keys" title="Help and keys (?)" onClick={help}>?</button>
    </div>
  );
}
