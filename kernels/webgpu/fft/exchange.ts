/**
 * Hands complex numbers from lane to lane through workgroup memory.
 */
import type { Wgsl } from "../wgsl/wgsl.ts";

/** Values that are written together, if the condition holds in the lane. */
export interface WriteGroup {
  readonly condition: string | undefined;
  /** WGSL expressions: index into the exchange memory, and the complex value. */
  readonly writes: readonly { readonly index: string; readonly value: string }[];
}

/**
 * The exchange memory `shared_values` of one workgroup. Split, it carries real and imaginary parts one after the other and
 * so needs half the bytes, for twice the barriers.
 */
export class Exchange {
  /** Module-scope declaration. */
  readonly declaration: string;
  readonly bytes: number;
  readonly #w: Wgsl;
  readonly #split: boolean;
  #used = false;

  constructor(w: Wgsl, options: { readonly length: number; readonly split: boolean }) {
    this.#w = w;
    this.#split = options.split;
    this.bytes = options.length * (options.split ? 4 : 8);
    this.declaration = `var<workgroup> shared_values: array<${options.split ? "f32" : "vec2f"}, ${options.length}>;`;
  }

  /** Writes all groups, waits for every lane, and returns the names of the values at `reads`. */
  run(groups: readonly WriteGroup[], reads: readonly string[]): string[] {
    if (!this.#split) return this.#pass(groups, reads, "");
    const re = this.#pass(groups, reads, ".x");
    const im = this.#pass(groups, reads, ".y");
    return re.map((value, i) => this.#w.let(`vec2f(${value}, ${im[i]})`));
  }

  #pass(groups: readonly WriteGroup[], reads: readonly string[], part: "" | ".x" | ".y"): string[] {
    // Nothing may be overwritten before the slowest lane has read it.
    if (this.#used) this.#w.line("workgroupBarrier();");
    this.#used = true;
    for (const { condition, writes } of groups) {
      this.#w.when(condition, () => {
        for (const { index, value } of writes) this.#w.line(`shared_values[${index}] = ${value}${part};`);
      });
    }
    this.#w.line("workgroupBarrier();");
    return reads.map((index) => this.#w.let(`shared_values[${index}]`));
  }
}
