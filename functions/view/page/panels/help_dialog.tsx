/** Help: the keys and the pointers. */
import { useEffect, useRef } from "preact/hooks";
import { SHORTCUTS } from "../input/shortcuts.ts";
import type { Viewer } from "../state/viewer.ts";

/** What controls do that have the focus, and what pointers do. */
const OTHERS = [
  ["Tab", "The next control; every one can be reached"],
  ["Arrow keys", "On the picture: move it. On a slider, handle or divider: move that; with Shift, farther"],
  ["Drag, wheel, pinch", "Move the picture, zoom it"],
  ["Shift and wheel", "Turn the planes"],
] as const;

interface HelpDialogProps {
  readonly viewer: Viewer;
  readonly isOpen: boolean;
  readonly close: () => void;
}

/** The dialog. */
export function HelpDialog({ viewer, isOpen, close }: HelpDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  const { hasShortcuts } = viewer;
  return (
    <dialog ref={dialog} aria-labelledby="help-title" onClose={close}>
      <header>
        <h2 id="help-title">Keys</h2>
        <button type="button" onClick={close}>Close</button>
      </header>
      <dl class="keys">
        {OTHERS.map(([keys, words]) => <KeyRow key={keys} keys={keys} words={words} />)}
        {SHORTCUTS.map(({ keys, shown, words }) => <KeyRow key={words} keys={shown ?? keys.join(" ")} words={words} />)}
        <KeyRow keys="?" words="This help" />
      </dl>
      <label class="switch">
        <input
          type="checkbox"
          checked={hasShortcuts.value}
          onChange={() => hasShortcuts.value = !hasShortcuts.value}
        />
        Single keys act anywhere on the page
      </label>
    </dialog>
  );
}

function KeyRow({ keys, words }: { readonly keys: string; readonly words: string }) {
  return (
    <div>
      <dt>
        <kbd>{keys}</kbd>
      </dt>
      <dd>{words}</dd>
    </div>
  );
}
