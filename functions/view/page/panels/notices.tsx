/** What went wrong, with the mend. */
import type { Viewer } from "../state/viewer.ts";

interface NoticesProps {
  readonly viewer: Viewer;
  /** Tries again what failed. */
  readonly retry: () => void;
}

/** The notices, each until it is dismissed. */
export function Notices({ viewer, retry }: NoticesProps) {
  const { notices } = viewer;
  return (
    <div class="notices" role="alert">
      {notices.value.map((notice) => (
        <div class="notice" key={`${notice.about} ${notice.problem}`}>
          <p>
            <strong>{notice.about}</strong> {notice.problem}
          </p>
          <p>{notice.mend}</p>
          <p class="actions">
            <button type="button" onClick={retry}>Try again</button>
            <button
              type="button"
              onClick={() => notices.value = notices.value.filter((other) => other !== notice)}
            >
              Dismiss
            </button>
          </p>
        </div>
      ))}
    </div>
  );
}
