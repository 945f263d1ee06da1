/** Where a view is being looked at, and which way along z. */
import type { Plan } from "shared/contract/plan.ts";
import type { ChunkPlace } from "../http/object_key.ts";
import { tileIndex, tilePosition } from "./tile_index.ts";

export class Travel {
  #last: { readonly volume: string; readonly z: number } | undefined;
  #direction = 0;

  /**
   * Notes that a chunk of full resolution was looked at.
   *
   * @returns the tile that comes next along z, if it is known which way things go and there is one
   */
  next(place: ChunkPlace, plan: Plan): number | undefined {
    const [z] = place.at;
    const volume = place.outer.join();
    if (this.#last?.volume !== volume) this.#direction = 0;
    else if (z !== this.#last.z) this.#direction = Math.sign(z - this.#last.z);
    this.#last = { volume, z };
    const [tileZ, tileY, tileX] = tilePosition(plan, place.at);
    const ahead = tileZ + this.#direction;
    if (this.#direction === 0 || ahead < 0 || ahead >= plan.grid[0]) return undefined;
    return tileIndex(plan, place.outer, [ahead, tileY, tileX]);
  }
}
