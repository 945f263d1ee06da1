/** The Worker of the web page: opens files, reads their chunks, and deconvolves, each call answered as soon as it is done. */
import "functions/view/page/strict_page.ts";
import type {
  CallName,
  FromPreview,
  PreviewCalls,
  PreviewProgress,
  ToPreview,
} from "functions/view/page/preview/messages.ts";
import { errorToRecord } from "shared/errors.ts";
import { placeFiles } from "./dropped_store.ts";
import { OpenedImages, withVoxelSize } from "./opened_images.ts";
import { saveTiff } from "./save_tiff.ts";
import { PreviewRunner } from "./preview_runner.ts";

/** The part of a dedicated Worker's global scope that is used; its types would clash with those of the main thread. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToPreview>) => void) | null;
  postMessage(message: FromPreview, transfer?: Transferable[]): void;
}

interface CallOptions {
  readonly signal: AbortSignal;
  readonly tell: (progress: PreviewProgress) => void;
}

type Handlers = {
  readonly [Name in CallName]: (
    request: PreviewCalls[Name]["request"],
    options: CallOptions,
  ) => Promise<{ readonly response: PreviewCalls[Name]["response"]; readonly transfer?: Transferable[] }>;
};

const scope = globalThis as unknown as WorkerScope;
const running = new Map<number, AbortController>();
const images = new OpenedImages();
const runner = new PreviewRunner(images);

scope.onmessage = ({ data: message }) => {
  if ("cancel" in message) running.get(message.cancel)?.abort();
  else void answer(message);
};

async function answer({ id, call, request }: Exclude<ToPreview, { cancel: number }>): Promise<void> {
  const stop = new AbortController();
  running.set(id, stop);
  try {
    // The pair of name and request was matched by the caller's types.
    const handler = handlers[call] as (request: unknown, options: CallOptions) => ReturnType<Handlers[CallName]>;
    const tell = (progress: PreviewProgress) => scope.postMessage({ id, progress });
    const { response, transfer } = await handler(request, { signal: stop.signal, tell });
    scope.postMessage({ id, response }, transfer ?? []);
  } catch (error) {
    scope.postMessage({ id, error: errorToRecord(error) });
  } finally {
    running.delete(id);
  }
}

const handlers: Handlers = {
  place({ place, files }) {
    placeFiles(place, files);
    return Promise.resolve({ response: null });
  },
  open: async ({ url }) => ({ response: await images.open(url) }),
  async chunk({ url, level, coords }, { signal }) {
    const chunk = await images.readChunk(url, level, coords, { signal });
    const { buffer } = chunk.values;
    return { response: chunk, transfer: buffer instanceof ArrayBuffer ? [buffer] : [] };
  },
  optics: async ({ url }) => ({ response: await images.optics(url) }),
  run: async (request, options) => {
    const result = await runner.run(request, options);
    return { response: result, transfer: result.volumes.map(({ buffer }) => buffer) };
  },
  async save(saved) {
    const { info } = await images.image(saved.url);
    const { voxelMicrometre } = saved;
    return { response: saveTiff(voxelMicrometre === undefined ? info : withVoxelSize(info, voxelMicrometre), saved) };
  },
};
