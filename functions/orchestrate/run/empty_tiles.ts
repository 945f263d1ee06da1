/** Tiles that were not computed because they hold no structure, and the proof that they hold none. */
import { onePlaceOf } from "shared/counted.ts";
import { ClearstackError } from "shared/errors.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { EmptyCertificate, SeamTask } from "shared/contract/seam.ts";
import type { TileReport } from "shared/contract/tile.ts";
import { tileTask, type TileTaskOptions } from "shared/engine/tile_tasks.ts";
import { boxAround } from "shared/plan/axis_place.ts";
import { axisPlaces } from "shared/plan/axis_places.ts";
import { tileAt } from "shared/plan/plan_job.ts";
import { channelAt } from "shared/volume/channels.ts";
import { mapAxes, type Vec3 } from "shared/volume/geometry.ts";
import { planDraw } from "./plan_draw.ts";

/** Tiles for each of which one is looked into, and how many are at most. */
const TILES_PER_PLACE = 8;
const MAX_PLACES = 64;

/** What is computed of a tile, in the middle of its core: little beside a tile, and as good as all of it where all is flat. */
const PLACE: Vec3 = [8, 32, 32];

/** Counts the tiles of a run, and draws the ones to look into, by the plan's hash, in whatever order they are reported. */
export class EmptyTiles {
  #flat = 0;
  #below = 0;
  #missing = 0;
  /** The tiles with the least draws so far, least first. */
  #drawn: { readonly index: number; readonly draw: number }[] = [];

  add({ index, empty }: TileReport, planHash: string): void {
    if (empty === "below") this.#below++;
    // Voxels that are not stored are equal, and nothing has to be looked into.
    if (empty === "missing") this.#missing++;
    if (empty !== "flat") return;
    this.#flat++;
    const draw = planDraw(planHash, index);
    if (this.#drawn.length === MAX_PLACES && draw >= this.#drawn.at(-1)!.draw) return;
    this.#drawn = [...this.#drawn, { index, draw }].sort((a, b) => a.draw - b.draw).slice(0, MAX_PLACES);
  }

  /** Tiles to look into: as many as the request says of places, or one for every 8 that are flat, from 1 to 4. */
  sample({ seamCheck }: JobRequest): number[] {
    const places = seamCheck === "auto"
      ? Math.min(4, Math.max(1, Math.floor(this.#flat / TILES_PER_PLACE)))
      : seamCheck;
    return this.#drawn.slice(0, places).map(({ index }) => index);
  }

  /** @param differences at the places that were looked into; undefined if there are no empty tiles */
  certificate(differences: readonly number[]): EmptyCertificate | undefined {
    const tiles = this.#flat + this.#below + this.#missing;
    if (tiles === 0) return undefined;
    return {
      tiles,
      ...(this.#below === 0 ? {} : { below: this.#below }),
      ...(this.#missing === 0 ? {} : { missing: this.#missing }),
      ...(differences.length === 0 ? {} : { places: differences.length, largest: Math.max(...differences) }),
    };
  }
}

/** The task that computes the middle of a tile that was left as it is, and compares it with the output. */
export function emptyTask(options: Omit<TileTaskOptions, "done">, index: number): SeamTask {
  const { plan } = options;
  const tile = tileAt(plan, index);
  const places = axisPlaces(plan);
  const shape = mapAxes((axis) => Math.min(PLACE[axis], tile.core.shape[axis]));
  const start = mapAxes((axis) => tile.core.start[axis] + ((tile.core.shape[axis] - shape[axis]) >> 1));
  const spans = mapAxes((axis) => boxAround(places[axis], { start: start[axis], length: shape[axis] }));
  const box = { start: mapAxes((axis) => spans[axis].start), shape: mapAxes((axis) => spans[axis].length) };
  const task = tileTask(options, { ...tile, core: { start, shape }, box });
  return { ...task, algorithm: { ...task.algorithm, keepEmpty: true } };
}

/** A difference relative to the intensity of the image, or where that is not known to the peak of the place. */
export function relativeDifference(
  { decisions, source }: Plan,
  { tile: { outer } }: SeamTask,
  { largest, peak }: { readonly largest: number; readonly peak: number },
): number {
  const scale = (decisions?.channels?.[channelAt(source, outer)] ?? decisions)?.scale ?? peak;
  return largest === 0 ? 0 : scale === 0 ? 1 : largest / scale;
}

/**
 * A box of a range of 0.05 % of the image's intensity comes out with some times that, as noise does. Beyond this, something that was
 * there is missing.
 */
const MAX_DIFFERENCE = 0.05;

/**
 * Refuses a result in which a tile that was left as it is would have come out as something else.
 *
 * @throws {ClearstackError} `failed-check`
 */
export function assertEmpty({ largest = 0, places }: EmptyCertificate): void {
  if (largest <= MAX_DIFFERENCE) return;
  const percent = (share: number) => `${Number((100 * share).toPrecision(2))} %`;
  throw new ClearstackError(
    "failed-check",
    `tiles were left as they are because their voxels are nearly equal, but computed they differ by up to ` +
      `${percent(largest)} of the image's intensity, at ${onePlaceOf(places)}, and may by ${
        percent(MAX_DIFFERENCE)
      }: ` +
      "begin anew with --keep-empty and --overwrite",
    { path: "algorithm.keepEmpty", value: largest, limit: MAX_DIFFERENCE },
  );
}
