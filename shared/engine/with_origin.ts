/** Says whose tasks an engine is given, where those who fan them out do not know. */
import type { Engine, FanOutOrigin } from "./engine.ts";

/** The engine, every fan-out of which has this origin. */
export function withOrigin(engine: Engine, origin: FanOutOrigin): Engine {
  return { fanOut: (kind, tasks, options) => engine.fanOut(kind, tasks, { ...origin, ...options }) };
}
