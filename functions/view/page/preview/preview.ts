/** State of deconvolving in the browser: what is asked for, what is being computed, and what came of it. */
import { type Signal, signal } from "@preact/signals";
import { isClearstackError } from "shared/errors.ts";
import type { Picture } from "../data/picture.ts";
import type { Explanation } from "../data/explain_error.ts";
import { addPicture, announce, type Viewer } from "../state/viewer.ts";
import { explainPreview } from "./explain_preview.ts";
import type {
  PreviewProgress,
  PreviewRequest,
  PreviewResult,
  SavedPreview,
  StatedOptics,
  WantedRegion,
} from "./messages.ts";
import { pictureOf } from "./preview_picture.ts";
import { PreviewWorker } from "./preview_worker.ts";
import { regionInView, wholeRegion } from "./region.ts";
import { defaultSettings, fillIn, type PreviewSettings, requestOf } from "./settings.ts";

/** Pauses after which settings that change are answered, milliseconds: a slider sends many on its way, and who writes pauses longer. */
const PAUSE = 80;
const WRITING_PAUSE = 500;

/** What the panel is about. */
export type PreviewStatus =
  | { readonly state: "idle" }
  | { readonly state: "running"; readonly progress: PreviewProgress | undefined }
  | { readonly state: "done"; readonly result: PreviewResult; readonly isCut: boolean }
  | { readonly state: "failed"; readonly explanation: Explanation };

/** The signals, and what can be done. */
export interface Preview {
  readonly worker: PreviewWorker;
  /** True once somebody wants it. */
  readonly isOpen: Signal<boolean>;
  readonly settings: Signal<PreviewSettings>;
  /** Undefined until the image was asked. */
  readonly stated: Signal<StatedOptics | undefined>;
  readonly status: Signal<PreviewStatus>;
  /** Shows the panel, its fields filled in with what the image and the result that is shown state. */
  open(): Promise<void>;
  /** Changes settings; a region that was computed is computed again with them. */
  change(settings: Partial<PreviewSettings>, isWriting?: boolean): void;
  /** Computes what is on the screen, or all of the volume. */
  run(extent: "view" | "volume"): void;
  /** Stops what is being computed. */
  stop(): void;
  /** Makes an OME-TIFF of what was computed. @throws {ClearstackError} what making it throws */
  save(): Promise<{ readonly name: string; readonly file: Blob } | undefined>;
  /** Forgets the image, since another one is opened. */
  reset(): void;
  /** Takes the preview away, and shows the result again that was there before. */
  remove(): void;
}

/** Deconvolving of what a viewer shows. */
export function createPreview(viewer: Viewer): Preview {
  const worker = new PreviewWorker();
  const isOpen = signal(false);
  const settings = signal(defaultSettings());
  const stated = signal<StatedOptics | undefined>(undefined);
  const status = signal<PreviewStatus>({ state: "idle" });
  let opening: Promise<void> | undefined;
  let running: AbortController | undefined;
  let pause: ReturnType<typeof setTimeout> | undefined;
  let wanted: WantedRegion | undefined;
  let saved: SavedPreview | undefined;
  let shown: { readonly picture: Picture; readonly instead: Picture | undefined } | undefined;

  async function readStated(): Promise<void> {
    const image = viewer.pictures.value.before;
    if (image === undefined) return;
    try {
      stated.value = await worker.call("optics", { url: image.url });
    } catch (error) {
      status.value = { state: "failed", explanation: explainPreview(error, location.origin) };
    }
    const record = viewer.plan.value ?? viewer.pictures.value.after?.provenance ?? {};
    settings.value = fillIn(settings.value, { stated: stated.value, record });
  }

  async function compute(): Promise<void> {
    stopRunning();
    const image = viewer.reference.value;
    if (image === undefined || wanted === undefined) return;
    const stop = running = new AbortController();
    // A result that is there stays on the screen until the next one comes.
    status.value = { state: "running", progress: undefined };
    const time = viewer.time.value;
    try {
      await opening;
      if (running !== stop) return;
      const request = requestOf(settings.value, { viewer, image, wanted, stated: stated.value });
      const result = await worker.call("run", request, {
        signal: stop.signal,
        onProgress: (progress) => {
          if (running === stop) status.value = { state: "running", progress };
        },
      });
      if (running !== stop) return;
      show(image, result, request.channels, time);
      saved = savedOf(image, request, result);
      status.value = { state: "done", result, isCut: isSmaller(result, wanted) };
      announce(viewer, "The preview is computed");
    } catch (error) {
      if (running !== stop || isClearstackError(error, "cancelled")) return;
      status.value = { state: "failed", explanation: explainPreview(error, location.origin) };
    } finally {
      if (running === stop) running = undefined;
    }
  }

  function show(image: Picture, result: PreviewResult, channels: readonly number[], time: number): void {
    const { after } = viewer.pictures.value;
    const instead = after === shown?.picture ? shown?.instead : after;
    const picture = pictureOf(image, result, { channels, time, contrasts: viewer.contrasts.value.after });
    shown = { picture, instead };
    addPicture(viewer, "after", picture);
  }

  function stopRunning(): void {
    clearTimeout(pause);
    running?.abort();
    running = undefined;
  }

  return {
    worker,
    isOpen,
    settings,
    stated,
    status,
    open() {
      isOpen.value = true;
      return opening = readStated();
    },
    change(changed, isWriting = false) {
      settings.value = { ...settings.value, ...changed };
      if (wanted === undefined) return;
      clearTimeout(pause);
      pause = setTimeout(() => void compute(), isWriting ? WRITING_PAUSE : PAUSE);
    },
    run(extent) {
      const image = viewer.reference.value;
      if (image === undefined) return;
      wanted = extent === "volume" ? wholeRegion(viewer) : regionInView(viewer);
      if (wanted !== undefined) return void compute();
      const explanation = { problem: "The image is not on the screen.", mend: "Move it into view, or press Fit." };
      status.value = { state: "failed", explanation };
    },
    stop() {
      stopRunning();
      status.value = { state: "idle" };
    },
    async save() {
      if (saved === undefined) return undefined;
      return { name: saved.name, file: await worker.call("save", saved) };
    },
    reset() {
      stopRunning();
      [wanted, shown, saved, stated.value] = [undefined, undefined, undefined, undefined];
      const { psfFrom, psfFile, psfAddress, backend } = settings.value;
      settings.value = { ...defaultSettings(), psfFrom, psfFile, psfAddress, backend };
      status.value = { state: "idle" };
    },
    remove() {
      stopRunning();
      wanted = undefined;
      status.value = { state: "idle" };
      const { picture, instead } = shown ?? {};
      shown = undefined;
      if (picture === undefined || viewer.pictures.value.after !== picture) return;
      if (instead !== undefined) addPicture(viewer, "after", instead);
      else viewer.pictures.value = { ...viewer.pictures.value, after: undefined };
    },
  };
}

function savedOf(image: Picture, request: PreviewRequest, { region, volumes, record }: PreviewResult): SavedPreview {
  const { url, channels, time, voxelMicrometre } = request;
  const name = `${image.name.replace(/\.(ome\.)?(tiff?|zarr(\.zip)?|ozx)$/i, "")}-deconvolved.ome.tif`;
  return { url, name, channels, time, voxelMicrometre, region, volumes, record };
}

function isSmaller({ region }: PreviewResult, { shape }: WantedRegion): boolean {
  return region.shape.some((side, axis) => side < shape[axis]!);
}
