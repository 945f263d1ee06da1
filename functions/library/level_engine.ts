/** Coarser levels computed in this process. */
import { reduceTile } from "functions/pyramid/reduce_tile.ts";
import type { Engine } from "shared/engine/engine.ts";
import { createLocalEngine } from "shared/engine/local.ts";

/** Makes an engine for the tiles of coarser levels. */
export function createLevelEngine(): Engine<"levels"> {
  return createLocalEngine({ levels: reduceTile });
}
