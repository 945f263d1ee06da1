/** Which tiles of a job or a view are done and which are under way: from events, and for a job from the records that the service lists. */
import { PlanSchema } from "shared/contract/plan.ts";
import { type TileMap, TileMapSchema } from "shared/contract/views/tile_map.ts";
import { asRecord } from "shared/image/zarr/zarr_node.ts";

/** How a plan arranges tiles. */
export interface TileArrangement extends Pick<TileMap, "grid" | "tile"> {
  readonly outerShape: readonly number[];
}

/** Tiles and where they stand; all others wait. */
export interface TileStates extends TileArrangement {
  readonly done: ReadonlySet<number>;
  readonly underWay: ReadonlySet<number>;
}

/** More tiles are not drawn. */
const MAX_TILES = 2 ** 20;

/** Longest answer that is read, characters. */
const MAX_CHARACTERS = 8 * 2 ** 20;

/** Between two questions, milliseconds. */
const ASK_PAUSE = 2000;

interface TileFollowerOptions {
  /** Of the events. */
  readonly url: string;
  /** What is known of the arrangement without asking; undefined where nothing is. */
  readonly arrangement: () => TileArrangement | undefined;
  readonly changed: (states: TileStates) => void;
}

export class TileFollower {
  readonly #options: TileFollowerOptions;
  readonly #tilesUrl: string | undefined;
  readonly #done = new Set<number>();
  #underWay: readonly number[] = [];
  #asked: TileArrangement | undefined;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #counted = 0;

  constructor(options: TileFollowerOptions) {
    this.#options = options;
    this.#tilesUrl = tilesUrl(options.url);
  }

  /** Takes an event in: of a job it has a status beside the tile, of a view it is the tile. */
  told(event: Readonly<Record<string, unknown>>): void {
    const status = asRecord(event.status ?? event);
    const { index } = event.status === undefined ? event : asRecord(event.tile);
    this.#add([[index, index]]);
    if (Array.isArray(event.underWay)) this.#underWay = event.underWay.filter(isIndex);
    this.#counted = isIndex(status.tilesDone) ? status.tilesDone : this.#counted;
    const hasBegun = status.state === "running" || status.state === "done";
    if (hasBegun && (this.#asked === undefined || this.#done.size < this.#counted)) this.#askLater();
    this.#tell();
  }

  #add(runs: readonly (readonly [unknown, unknown])[]): void {
    for (const [first, last] of runs) {
      if (!isIndex(first) || !isIndex(last)) continue;
      for (let index = first; index <= last && this.#done.size < MAX_TILES; index++) this.#done.add(index);
    }
  }

  #tell(): void {
    const arrangement = this.#asked ?? this.#options.arrangement();
    if (arrangement === undefined || tileCount(arrangement) > MAX_TILES) return;
    const underWay = new Set(this.#underWay.filter((index) => !this.#done.has(index)));
    this.#options.changed({ ...arrangement, done: new Set(this.#done), underWay });
  }

  /** Events that came before the page are not told again: the records are listed for those. */
  #askLater(): void {
    const url = this.#tilesUrl;
    if (url === undefined) return;
    this.#pause ??= setTimeout(async () => {
      const map = await readMap(url);
      if (map !== undefined) {
        this.#asked = map;
        this.#add(map.done);
        this.#underWay = map.underWay;
        this.#tell();
      }
      setTimeout(() => {
        this.#pause = undefined;
        if (this.#done.size < this.#counted) this.#askLater();
      }, ASK_PAUSE);
    }, 0);
  }
}

/** The arrangement that a plan states, or an output of its own tiles. */
export function statedArrangement(plan: unknown): TileArrangement | undefined {
  return PlanSchema.pick({ outerShape: true, grid: true, tile: true }).safeParse(plan).data;
}

/** Tiles of all volumes. */
export function tileCount({ outerShape, grid }: TileArrangement): number {
  return [...outerShape, ...grid].reduce((product, side) => product * side, 1);
}

/** Where a service lists the tiles of the job whose events are at a URL; undefined for events of anything else. */
function tilesUrl(events: string): string | undefined {
  const url = URL.parse(events, location.href);
  if (url === null || !/\/v1\/jobs\/[^/]+\/events$/.test(url.pathname)) return undefined;
  url.pathname = url.pathname.replace(/events$/, "tiles");
  return url.href;
}

/** What cannot be had leaves the map to the events. */
async function readMap(url: string): Promise<TileMap | undefined> {
  try {
    const response = await fetch(url);
    const text = response.ok ? await response.text() : "";
    return text.length > MAX_CHARACTERS ? undefined : TileMapSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
