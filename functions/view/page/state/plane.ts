/** Planes that a volume is cut along, and the axes that lie along the screen there. */

/** An axis of space, named as in OME-Zarr. */
export type SpaceAxis = "z" | "y" | "x";

/** Axes of a plane: `u` runs to the right, `v` downwards, `w` into the screen. */
interface PlaneAxes {
  readonly u: SpaceAxis;
  readonly v: SpaceAxis;
  readonly w: SpaceAxis;
}

/** The planes by name. z runs downwards in the two upright ones. */
export const PLANES = {
  xy: { u: "x", v: "y", w: "z" },
  xz: { u: "x", v: "z", w: "y" },
  yz: { u: "y", v: "z", w: "x" },
} as const satisfies Record<string, PlaneAxes>;

/** Name of a plane. */
export type PlaneName = keyof typeof PLANES;

/** The names in the order of the buttons. */
export const PLANE_NAMES = Object.keys(PLANES) as PlaneName[];
