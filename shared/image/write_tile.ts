import type { TileReport, TileTask } from "../contract.ts";
import { ClearstackError } from "../errors.ts";
import type { RequestOptions } from "../storage/store.ts";

/** Encodes the core of a tile chunk by chunk and writes whole objects. `values`: shape `task.tile.core.shape`, x contiguous. */
export function writeTile(
  _task: TileTask,
  _values: Float32Array,
  _options: RequestOptions = {},
): Promise<{ readonly bytesWritten: number }> {
  throw new ClearstackError("internal", "not available yet");
}

/** Records that all chunks of a tile are written. */
export function writeTileRecord(_task: TileTask, _report: TileReport): Promise<void> {
  throw new ClearstackError("internal", "not available yet");
}
