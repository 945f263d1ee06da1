/** The address of the page: what it opens, and what of it is looked at, so that a link shows the same again. */
import { PLANE_NAMES, type PlaneName, type SpaceAxis } from "./plane.ts";
import { COMPARISONS, moveTo, moveToTime, type Viewer } from "./viewer.ts";

/** What the page is to open. */
export interface OpenedAddress {
  /** Image and result, addresses of OME-Zarrs; empty where there is none. */
  readonly image: string;
  readonly result: string;
  /** Server-sent events of the job or the view, and its plan, as URLs. */
  readonly events: string;
  readonly plan: string;
}

/** Reads what to open. @param query of the page's address */
export function openedAddress(query: string): OpenedAddress {
  const fields = new URLSearchParams(query);
  const field = (name: string) => fields.get(name)?.trim() ?? "";
  return { image: field("image"), result: field("result"), events: field("events"), plan: field("plan") };
}

/** Axes of space with the names of their fields. */
const AXES: readonly SpaceAxis[] = ["z", "y", "x"];

/** Looks at what the address says; what it leaves out, or what makes no sense, stays as it is. */
export function lookAsAddressed(viewer: Viewer, query: string): void {
  const fields = new URLSearchParams(query);
  const chosen = <Value extends string>(name: string, values: readonly Value[]) =>
    values.find((value) => value === fields.get(name));
  const index = (name: string) => /^\d{1,9}$/.test(fields.get(name) ?? "") ? Number(fields.get(name)) : undefined;
  const plane: PlaneName | undefined = chosen("plane", PLANE_NAMES);
  if (plane !== undefined && viewer.reference.value!.levels[0]!.shape.z > 1) viewer.plane.value = plane;
  viewer.compare.value = chosen("compare", COMPARISONS) ?? viewer.compare.value;
  viewer.projection.value = fields.get("depth") === "maximum" || viewer.projection.value;
  viewer.isContrastShared.value = fields.get("contrast") === "shared" || viewer.isContrastShared.value;
  for (const axis of AXES) {
    const at = index(axis);
    if (at !== undefined) moveTo(viewer, axis, at);
  }
  const time = index("t");
  if (time !== undefined) moveToTime(viewer, time);
}

/** The query of a link to what is looked at now: what was opened, and what differs from how a page begins. */
export function addressOf({ at, time, plane, compare, projection, isContrastShared }: Viewer, query: string): string {
  const fields = new URLSearchParams(query);
  const set = (name: string, value: string | undefined) => {
    if (value === undefined) fields.delete(name);
    else fields.set(name, value);
  };
  for (const axis of AXES) set(axis, String(at.value[axis]));
  set("t", time.value === 0 ? undefined : String(time.value));
  set("plane", plane.value === "xy" ? undefined : plane.value);
  set("compare", compare.value === "swipe" ? undefined : compare.value);
  set("depth", projection.value ? "maximum" : undefined);
  set("contrast", isContrastShared.value ? "shared" : undefined);
  return fields.toString();
}
