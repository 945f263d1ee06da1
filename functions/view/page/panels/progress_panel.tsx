/** How far a job or a view has come. */
import type { Viewer } from "../state/viewer.ts";
import { TileMapPicture } from "./tile_map.tsx";

/** The panel; nothing where nobody computes. */
export function ProgressPanel({ viewer }: { readonly viewer: Viewer }) {
  const progress = viewer.remote.value;
  if (progress === undefined) return null;
  const { state, done, total, message } = progress;
  return (
    <section class="panel" aria-labelledby="progress-title">
      <header>
        <h2 id="progress-title">Tiles</h2>
        <span class="note">{state}</span>
      </header>
      <progress max={Math.max(1, total)} value={done} aria-label="Tiles that are done" />
      <p class="note">{total > 0 ? `${done} of ${total}` : `${done}`}{message && `, ${message}`}</p>
      <TileMapPicture viewer={viewer} />
    </section>
  );
}
