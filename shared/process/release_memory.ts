/** Giving large buffers back before the garbage collector would. */

/**
 * Frees the memory behind a view at once; the view, and every other view of the same buffer, has length 0 afterwards. The
 * collector counts megabytes of voxels as a few small objects and lets hundreds of them pile up, which no plan could promise.
 * Only the sole owner of a buffer may call this. Memory shared between threads is left alone.
 */
export function releaseMemory(view: ArrayBufferView): void {
  if (view.buffer instanceof ArrayBuffer && !view.buffer.detached) view.buffer.transfer(0);
}
