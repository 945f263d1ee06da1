/** Coarser levels computed in this process. */
import { createLevelReducer } from "functions/pyramid/reduce_tile.ts";
import type { Engine } from "shared/engine/engine.ts";
import { createLocalEngine } from "shared/engine/local.ts";
import type { StoreEnvironment } from "shared/storage/store_environment.ts";

/** Makes an engine for the tiles of coarser levels. */
export function createLevelEngine(environment: StoreEnvironment): Engine<"levels"> {
  return createLocalEngine({ levels: createLevelReducer(environment) });
}
