/**
 * Device memory traffic counted from passes: transforms are bound by it, so bytes are the cost.
 */
import type { Pass, Stage } from "./pass.ts";

/** Bytes read and written if nothing stays in the cache from one pass to the next. */
export function passTraffic(stages: readonly Stage[]): number {
  const resources = stages.flat().flatMap((pass) => pass.resources);
  return resources.reduce((sum, { read, written }) => sum + read + written, 0);
}

/**
 * Bytes read and written if every stage whose slices fit into `cacheBytes` reads each of them once and writes each once.
 */
export function cachedTraffic(stages: readonly Stage[], cacheBytes: number): number {
  return stages.reduce(
    (sum, stage) => sum + (workingSet(stage) <= cacheBytes ? stageTraffic(stage) : passTraffic([stage])),
    0,
  );
}

/** Bytes of all different slices that a stage touches. */
function workingSet(stage: Stage): number {
  return [...slices(stage).values()].reduce((sum, { bytes }) => sum + bytes, 0);
}

function stageTraffic(stage: Stage): number {
  return [...slices(stage).values()].reduce((sum, { read, written }) => sum + read + written, 0);
}

/** Slices of a stage by buffer and offset; what is written before it is read needs no reading from memory. */
function slices(stage: readonly Pass[]): Map<string, { bytes: number; read: number; written: number }> {
  const found = new Map<string, { bytes: number; read: number; written: number }>();
  for (const { buffer, offset, bytes, read, written } of stage.flatMap((pass) => pass.resources)) {
    const key = `${buffer}@${offset}`;
    const known = found.get(key);
    if (known) known.written = Math.max(known.written, written);
    else found.set(key, { bytes, read, written });
  }
  return found;
}
