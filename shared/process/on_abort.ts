/**
 * Calls `call` when the signal fires, at once if it has already, until it is disposed of. Unlike what `AbortSignal.any` makes, it
 * leaves nothing behind in a signal that lives as long as the process.
 */
export function onAbort(signal: AbortSignal | undefined, call: () => void): Disposable {
  signal?.addEventListener("abort", call, { once: true });
  if (signal?.aborted) call();
  return { [Symbol.dispose]: () => signal?.removeEventListener("abort", call) };
}
