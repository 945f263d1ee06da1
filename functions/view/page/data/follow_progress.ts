/** Follows the tiles of a job or of a view by server-sent events. */
import { asRecord } from "shared/image/zarr/zarr_node.ts";
import type { RemoteProgress } from "../state/viewer.ts";

/** Names of events, as jobs and views send them. */
const EVENTS = ["status", "tile", "retry", "under-way"];

/** Longest event that is read; a status has the request in it, and no voxel. */
const MAX_CHARACTERS = 2 ** 20;

/** States after which a job sends nothing more. */
const ENDED = new Set(["done", "failed", "cancelled"]);

/** Told of progress, and of its end. */
interface ProgressListener {
  readonly moved: (progress: RemoteProgress) => void;
  /** Every event, as it came. */
  readonly told: (event: Readonly<Record<string, unknown>>) => void;
  /** The state that a job ended in. */
  readonly ended: (state: string) => void;
}

/**
 * Follows the events at a URL until the job ends; a view goes on for as long as the page is open. The browser connects again where
 * the connection breaks, and gets what it missed.
 *
 * @returns stops following
 */
export function followProgress(url: string, { moved, told, ended }: ProgressListener): () => void {
  const source = new EventSource(url);
  let last: RemoteProgress = { state: "waiting", done: 0, total: 0, message: "" };
  const onEvent = (event: MessageEvent<unknown>) => {
    const record = parsed(event.data);
    if (record === undefined) return;
    last = progressOf(record, last);
    moved(last);
    told(record);
    if (!ENDED.has(last.state)) return;
    source.close();
    ended(last.state);
  };
  for (const name of EVENTS) source.addEventListener(name, onEvent);
  source.onmessage = onEvent;
  source.onerror = () => {
    const isOver = source.readyState === EventSource.CLOSED;
    last = { ...last, message: isOver ? "the service sends nothing more" : "connecting again" };
    moved(last);
  };
  return () => source.close();
}

function parsed(text: unknown): Record<string, unknown> | undefined {
  if (typeof text !== "string" || text.length > MAX_CHARACTERS) return undefined;
  try {
    return asRecord(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Events of jobs carry the whole status; those of views the tile, and how many are done. */
function progressOf(record: Record<string, unknown>, last: RemoteProgress): RemoteProgress {
  const status = asRecord(record.status ?? record);
  const count = (value: unknown, otherwise: number) => Number.isSafeInteger(value) ? value as number : otherwise;
  const { state, tilesDone, tiles, etaSeconds, error } = status;
  const message = asRecord(error).message ?? record.message ??
    (typeof etaSeconds === "number" ? `about ${Math.ceil(etaSeconds)} s to go` : "");
  const [done, total] = [count(tilesDone, last.done), count(tiles, last.total)];
  return {
    state: typeof state === "string" ? state.slice(0, 32) : total > 0 && done >= total ? "computed" : "computing",
    done,
    total,
    message: String(message).slice(0, 300),
  };
}
