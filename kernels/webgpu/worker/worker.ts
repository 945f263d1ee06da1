/**
 * The Worker that owns the GPU of this process: one device, its compiled shaders, and the runners that share them.
 */
import { ClearstackError, errorToRecord } from "shared/errors.ts";
import { ComputeTurn } from "./compute_turn.ts";
import { type Gpu, openDevice, probeAdapter } from "../device/gpu_device.ts";
import { PipelineCache } from "../device/encoder.ts";
import { LARGE_BUFFER_BYTES, tryBuffer } from "../device/try_buffer.ts";
import { retrySmaller } from "../device/retry_smaller.ts";
import type { CallName, FromWorker, RunRequest, ToWorker, WorkerCalls } from "./messages.ts";
import { Runner } from "../runner.ts";

/** The part of a dedicated Worker's global scope that is used; its types would clash with those of the main thread. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
}

/** The open device. */
interface OpenGpu {
  readonly gpu: Gpu;
  readonly pipelines: PipelineCache;
  /** Why the device is gone. */
  lost: string | undefined;
}

type Handlers = {
  readonly [Name in CallName]: (
    request: WorkerCalls[Name]["request"],
    id: number,
  ) => Promise<{ readonly response: WorkerCalls[Name]["response"]; readonly transfer?: Transferable[] }>;
};

const scope = globalThis as unknown as WorkerScope;
const runners = new Map<number, Runner>();
const cancelled = new Set<number>();
let opened: Promise<OpenGpu> | undefined;
let turn: Promise<void> = Promise.resolve();

scope.onmessage = ({ data: message }) => {
  if ("cancel" in message) {
    cancelled.add(message.cancel);
  } else {
    turn = turn.then(() => answer(message));
  }
};

async function answer({ id, call, request }: Exclude<ToWorker, { cancel: number }>): Promise<void> {
  try {
    // The pair of name and request was matched by the caller's types.
    const handler = handlers[call] as (request: unknown, id: number) => ReturnType<Handlers[CallName]>;
    const { response, transfer } = await handler(request, id);
    scope.postMessage({ id, response }, transfer ?? []);
  } catch (error) {
    scope.postMessage({ id, error: errorToRecord(await lossBehind(error)) });
  } finally {
    cancelled.delete(id);
  }
}

const handlers: Handlers = {
  probe: async () => ({ response: await probeAdapter() }),

  async tryLargeBuffer() {
    const { gpu } = await device();
    return { response: await tryBuffer(gpu.device, Math.min(LARGE_BUFFER_BYTES, gpu.limits.maxBufferSize)) };
  },

  async open({ key, options, turn: { state, worker } }) {
    const { gpu, pipelines } = await device();
    const runner = await retrySmaller(
      gpu.limits,
      (limits) => Runner.create({ ...gpu, limits }, pipelines, options, new ComputeTurn(state, worker)),
    );
    runners.set(key, runner);
    const { allocatedBytes, tuning } = runner;
    return { response: { adapter: gpu.adapter.description, allocatedBytes, tuning } };
  },

  async run({ key, values, options }: RunRequest, id) {
    const runner = runners.get(key);
    if (!runner) throw new ClearstackError("internal", `no deconvolver has the key ${key}`);
    const result = await runner.run(values, {
      ...options,
      isCancelled: () => cancelled.has(id),
      onIterations: (iterations) => scope.postMessage({ id, iterations }),
    });
    const { buffer } = result.estimate;
    const transfer = buffer instanceof ArrayBuffer ? [buffer] : [];
    return { response: { result, allocatedBytes: runner.allocatedBytes }, transfer };
  },

  close({ key }) {
    runners.get(key)?.destroy();
    runners.delete(key);
    return Promise.resolve({ response: null });
  },
};

function device(): Promise<OpenGpu> {
  opened ??= openDevice().then((gpu) => {
    const open: OpenGpu = { gpu, pipelines: new PipelineCache(gpu.device), lost: undefined };
    gpu.device.lost.then(({ reason, message }) => open.lost = message || reason);
    return open;
  });
  opened.catch(() => opened = undefined);
  return opened;
}

/** The loss of the device where that is what made a call fail: it becomes known only after the call. */
async function lossBehind(error: unknown): Promise<unknown> {
  await new Promise((resolve) => setTimeout(resolve));
  const lost = (await opened?.catch(() => undefined))?.lost;
  if (lost === undefined || error instanceof ClearstackError) return error;
  return new ClearstackError("device-lost", `the GPU was lost (${lost}); the next run opens it again`, {
    cause: error,
  });
}
