/** Opens what the address of the page names: the images at once, and a result that is not there yet as soon as its job is done. */
import type { Signal } from "@preact/signals";
import { isClearstackError } from "shared/errors.ts";
import { asRecord } from "shared/image/zarr/zarr_node.ts";
import { explainError } from "./data/explain_error.ts";
import { followProgress } from "./data/follow_progress.ts";
import { openPicture } from "./data/open_picture.ts";
import type { Side } from "./data/picture.ts";
import { statedArrangement, type TileArrangement, tileCount, TileFollower } from "./data/tile_follower.ts";
import { lookAsAddressed, type OpenedAddress } from "./state/address.ts";
import { addPicture, announce, fitImage, type Viewer } from "./state/viewer.ts";

/** Largest plan that is read, characters. */
const MAX_PLAN_CHARACTERS = 4 * 2 ** 20;

/** Opens what is not open yet; what fails becomes a notice. */
export async function openImages(viewer: Viewer, given: OpenedAddress, isOpening: Signal<boolean>): Promise<void> {
  isOpening.value = given.image !== "" || given.result !== "";
  if (given.events !== "" && viewer.remote.value === undefined) follow(viewer, given);
  const [image] = await Promise.all([
    openSide(viewer, "before", { url: given.image }),
    openSide(viewer, "after", { url: given.result, mayComeLater: given.events !== "" }),
    given.plan === "" ? undefined : readPlan(viewer, given.plan),
  ]);
  isOpening.value = false;
  if (image) document.title = `${image} – Clearstack`;
}

interface SideAddress {
  readonly url: string;
  /** True where a job may still be writing it. @default {false} */
  readonly mayComeLater?: boolean;
}

/** @returns the name of the image, if it was opened */
async function openSide(viewer: Viewer, side: Side, { url, mayComeLater = false }: SideAddress) {
  if (url === "" || viewer.pictures.value[side] !== undefined) return undefined;
  try {
    const picture = await openPicture(url);
    const isFirst = viewer.reference.value === undefined;
    addPicture(viewer, side, picture);
    if (isFirst) {
      lookAsAddressed(viewer, location.search);
      fitImage(viewer);
    }
    announce(viewer, `${picture.name} is open`);
    return picture.name;
  } catch (error) {
    if (mayComeLater && isClearstackError(error, "not-found")) return undefined;
    const about = side === "before" ? "Image:" : "Result:";
    viewer.notices.value = [...viewer.notices.value, { about, ...explainError(error, location.origin) }];
    return undefined;
  }
}

function follow(viewer: Viewer, { events, result }: OpenedAddress): void {
  const tiles = new TileFollower({
    url: events,
    arrangement: () => arrangement(viewer),
    changed: (states) => viewer.tiles.value = states,
  });
  followProgress(events, {
    told: (event) => tiles.told(event),
    moved: (progress) => viewer.remote.value = { ...progress, total: progress.total || plannedTiles(viewer) },
    ended: (state) => {
      announce(viewer, `The job is ${state}`);
      if (state === "done") void openSide(viewer, "after", { url: result });
    },
  });
}

/** Tiles of the plan, or of the record of a view. */
function plannedTiles(viewer: Viewer): number {
  const known = arrangement(viewer);
  const total = known === undefined ? 0 : tileCount(known);
  return Number.isSafeInteger(total) ? total : 0;
}

/** How the plan that was asked for lays tiles, or the record of a view. */
function arrangement({ plan, pictures }: Viewer): TileArrangement | undefined {
  if (plan.value !== undefined) return statedArrangement(plan.value);
  const { levels, provenance } = pictures.value.after ?? {};
  if (levels === undefined || !Array.isArray(provenance?.tile)) return undefined;
  const { axes, shape } = levels[0]!;
  const { tile } = provenance;
  return statedArrangement({
    outerShape: axes.filter((axis) => axis === "t" || axis === "c").map((axis) => shape[axis]),
    grid: [shape.z, shape.y, shape.x].map((side, axis) => Math.ceil(side / Number(tile[axis]))),
    tile,
  });
}

/** Reads a plan, or what holds one; without it, the page shows the record of the output. */
async function readPlan(viewer: Viewer, url: string): Promise<void> {
  try {
    const response = await fetch(url);
    const text = response.ok ? await response.text() : "";
    if (text === "" || text.length > MAX_PLAN_CHARACTERS) return;
    const answer = asRecord(JSON.parse(text));
    viewer.plan.value = "plan" in answer ? asRecord(answer.plan) : answer;
  } catch (error) {
    announce(viewer, `The plan cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
