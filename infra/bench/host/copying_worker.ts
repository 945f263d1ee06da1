/** The thread behind copying_kernels.ts: it speaks the language of the GPU's Worker and keeps no device. */
import type { FromWorker, RunRequest, ToWorker } from "kernels/webgpu/worker/messages.ts";
import { voxelCount } from "shared/volume/geometry.ts";
import { threadSeconds } from "./thread_seconds.ts";

/** Gives copies as many different digits as estimates have, so that they compress no better. */
const FACTOR = 0.7390851332151607;

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
};

/** The first voxels of the box, as many as are asked for. */
function copied({ values, options: { into, returned } }: RunRequest) {
  const started = threadSeconds();
  const estimate = into ?? new Float32Array(returned ? voxelCount(returned.shape) : values.length);
  for (let index = 0; index < estimate.length; index++) estimate[index] = FACTOR * values[index]!;
  return { estimate, kernelSeconds: threadSeconds() - started };
}

scope.onmessage = ({ data }) => {
  if ("cancel" in data) return;
  const { id, call, request } = data;
  if (call === "run") {
    const result = copied(request as RunRequest);
    const { buffer } = result.estimate;
    const transfer = buffer instanceof ArrayBuffer ? [buffer] : [];
    scope.postMessage({ id, response: { result, allocatedBytes: 0 } }, transfer);
  } else {scope.postMessage({
      id,
      response: call === "open" ? { adapter: "copies", allocatedBytes: 0, tuning: undefined } : null,
    });}
};
