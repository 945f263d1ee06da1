/** The page as a whole. */
import type { Signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { ChooseButton, ChooseFiles } from "../files/choose_files.tsx";
import { takeDrops } from "../files/drop_target.ts";
import { handleShortcut, takesText } from "../input/shortcuts.ts";
import type { Scene } from "../render/scene.ts";
import type { ShownValues } from "../shown_values.ts";
import type { Viewer } from "../state/viewer.ts";
import type { Preview } from "../preview/preview.ts";
import { PreviewPanel } from "../preview/preview_panel.tsx";
import { ChannelsPanel } from "./channels_panel.tsx";
import { ElsewherePanel } from "./elsewhere_panel.tsx";
import { FactsPanel } from "./facts_panel.tsx";
import { HelpDialog } from "./help_dialog.tsx";
import { Notices } from "./notices.tsx";
import { OpenForm } from "./open_form.tsx";
import { PositionSliders } from "./position_sliders.tsx";
import { ProfilePanel } from "./profile_panel.tsx";
import { ProgressPanel } from "./progress_panel.tsx";
import { Toolbar } from "./toolbar.tsx";
import { Viewport } from "./viewport.tsx";

/** Parts that the page is made of. */
interface AppProps {
  readonly viewer: Viewer;
  readonly scene: Signal<Scene | undefined>;
  readonly values: ShownValues;
  readonly preview: Preview;
  readonly startDrawing: (canvas: HTMLCanvasElement) => () => void;
  readonly retry: () => void;
  /** True while images are being opened. */
  readonly isOpening: Signal<boolean>;
  /** Addresses as the page was given them. */
  readonly given: { readonly image: string; readonly result: string };
  /** True where no jobs are answered at this address. */
  readonly isApart: boolean;
}

/** The page. */
export function App(props: AppProps) {
  const { viewer, preview, isOpening, given, retry, isApart } = props;
  const [hasHelp, setHelp] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "?" && !hasHelp && !takesText(event.target)) {
        setHelp(true);
      } else handleShortcut(viewer, event);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [hasHelp]);
  useEffect(() => takeDrops(viewer, preview), []);
  const isOpen = viewer.reference.value !== undefined;
  return (
    <>
      <header class="top">
        <h1>
          <a href="./">Clearstack</a>
        </h1>
        <p class="name">{isOpen ? imageNames(viewer) : ""}</p>
        <Loading viewer={viewer} isOpening={isOpening} />
        {isOpen && <ChooseButton viewer={viewer} preview={preview} />}
      </header>
      <Notices viewer={viewer} retry={retry} />
      {isOpen ? <Workspace {...props} help={() => setHelp(true)} /> : (
        <main class="landing">
          {!isOpening.value && <ChooseFiles viewer={viewer} preview={preview} />}
          {!isOpening.value && <OpenForm {...given} />}
          {isApart && <Apart />}
          <ProgressPanel viewer={viewer} />
        </main>
      )}
      <HelpDialog viewer={viewer} isOpen={hasHelp} close={() => setHelp(false)} />
      <p class="hidden" role="status" aria-live="polite">{viewer.announcement.value}</p>
    </>
  );
}

function Workspace({ viewer, scene, values, preview, startDrawing, help }: AppProps & { readonly help: () => void }) {
  return (
    <main class="work">
      <div class="stage">
        <Toolbar viewer={viewer} help={help} />
        <Viewport {...{ viewer, scene, values, startDrawing }} />
        <PositionSliders viewer={viewer} />
      </div>
      <aside aria-label="Settings and facts" tabIndex={0}>
        <ProgressPanel viewer={viewer} />
        <ProfilePanel viewer={viewer} values={values} />
        <PreviewPanel viewer={viewer} preview={preview} />
        <ChannelsPanel viewer={viewer} values={values} />
        <FactsPanel viewer={viewer} />
        <ElsewherePanel viewer={viewer} />
      </aside>
    </main>
  );
}

/** What this address is for, where the start page would be expected. */
function Apart() {
  return (
    <p class="apart">
      This address shows images and views, and has no start page. Jobs are started over HTTP, at the address of the
      service's API (<code>POST /v1/jobs</code>).
    </p>
  );
}

/** What is being loaded, as little as is needed. */
function Loading({ viewer, isOpening }: Pick<AppProps, "viewer" | "isOpening">) {
  const waiting = viewer.chunksWaiting.value;
  const words = isOpening.value
    ? "Opening"
    : waiting > 0
    ? `Loading ${waiting} ${waiting === 1 ? "chunk" : "chunks"}`
    : "";
  return <p class="loading" aria-hidden="true">{words}</p>;
}

function imageNames(viewer: Viewer): string {
  const { before, after } = viewer.pictures.value;
  // A view has the name of the image that it is of.
  const result = after !== undefined && after.name === before?.name ? "result" : after?.name;
  return [before?.name, result].filter((name) => name !== undefined).join(" → ");
}
