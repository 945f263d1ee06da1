/**
 * The memory of the last deconvolver that was closed, for the next one: the engine frees it whenever it collects garbage, and
 * until then a process that goes from one box to another would hold both.
 */
import { MAX_PAGES, PAGE_BYTES } from "./memory_layout.ts";

/** A memory more than so many times too large is left to the collector. */
const MAX_WASTE = 1.5;

/** Weak, so that nothing is held that nobody needs. */
let spare: WeakRef<WebAssembly.Memory> | undefined;

/** True where Workers may share memory: browsers allow it to pages that are cross-origin isolated. */
export function canShareMemory(): boolean {
  return typeof SharedArrayBuffer !== "undefined";
}

/** Memory of at least so many pages, all 0, shared where it can be; throws what the engine throws if there is none. */
export function takeMemory(pages: number): WebAssembly.Memory {
  const memory = spare?.deref();
  spare = undefined;
  if (memory && memory.buffer.byteLength <= MAX_WASTE * pages * PAGE_BYTES && hasGrown(memory, pages)) {
    new Uint8Array(memory.buffer).fill(0);
    return memory;
  }
  return new WebAssembly.Memory({ initial: pages, maximum: MAX_PAGES, shared: canShareMemory() });
}

/** Leaves a memory that nothing writes to any more. */
export function leaveMemory(memory: WebAssembly.Memory): void {
  spare = new WeakRef(memory);
}

function hasGrown(memory: WebAssembly.Memory, pages: number): boolean {
  const missing = pages - memory.buffer.byteLength / PAGE_BYTES;
  try {
    if (missing > 0) memory.grow(missing);
    return true;
  } catch {
    return false;
  }
}
