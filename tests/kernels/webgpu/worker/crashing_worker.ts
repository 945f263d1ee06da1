/** A GPU Worker that opens a deconvolver and dies in its first run. */
import type { ToWorker } from "kernels/webgpu/worker/messages.ts";

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<ToWorker>) => void;
  postMessage(message: unknown): void;
};

scope.onmessage = ({ data: message }) => {
  if (!("call" in message)) return;
  if (message.call === "run") throw new Error("injected crash");
  scope.postMessage({ id: message.id, response: { adapter: "doomed", allocatedBytes: 0 } });
};
