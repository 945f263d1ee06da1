/**
 * Memory of boxes, used again: to touch fresh memory, page by page, takes longer than reading voxels into it does.
 */
import { releaseMemory } from "./release_memory.ts";

/** Arrays of boxes, by type. */
const ARRAYS = { float32: Float32Array, uint16: Uint16Array, uint8: Uint8Array } as const;

type VoxelArray<Type extends keyof typeof ARRAYS> = InstanceType<(typeof ARRAYS)[Type]>;

/** Keeps what was given back while somebody is at work, never more than was out at the same time. */
export class VoxelMemory implements Disposable {
  /** Smallest first. */
  readonly #kept: ArrayBufferLike[] = [];
  #shared = false;
  #users = 0;

  /** Has memory be shared between threads from now on, where the runtime can. Only the garbage collector frees such memory. */
  share(): void {
    if (this.#shared || typeof SharedArrayBuffer === "undefined") return;
    this.#shared = true;
    this[Symbol.dispose]();
  }

  /** Begins a piece of work; with the end of the last one, memory that is not shared is freed. */
  use(): Disposable {
    this.#users++;
    return {
      [Symbol.dispose]: () => {
        if (--this.#users === 0 && !this.#shared) this[Symbol.dispose]();
      },
    };
  }

  /** So many values, whatever they are; the caller owns them and fills them all. */
  take<Type extends keyof typeof ARRAYS>(type: Type, count: number): VoxelArray<Type> {
    const Values = ARRAYS[type];
    const bytes = Values.BYTES_PER_ELEMENT * count;
    const at = this.#kept.findIndex(({ byteLength }) => byteLength >= bytes);
    // Without one that fits, the largest makes way for it.
    const [kept] = this.#kept.splice(at, 1);
    if (at < 0 && kept) free(kept);
    const buffer = at >= 0 ? kept! : this.#shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
    return new Values(buffer as ArrayBuffer, 0, count) as VoxelArray<Type>;
  }

  /** Keeps the memory behind values for {@link take}. Only their owner may call this, and nobody may use them afterwards. */
  leave({ buffer }: Float32Array | Uint16Array | Uint8Array): void {
    if (buffer instanceof ArrayBuffer && this.#shared) return free(buffer);
    const after = this.#kept.findIndex(({ byteLength }) => byteLength > buffer.byteLength);
    this.#kept.splice(after < 0 ? this.#kept.length : after, 0, buffer);
  }

  /** Lets go of what is kept. */
  [Symbol.dispose](): void {
    for (const buffer of this.#kept.splice(0)) free(buffer);
  }
}

function free(buffer: ArrayBufferLike): void {
  releaseMemory(new Uint8Array(buffer));
}
