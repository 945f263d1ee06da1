/**
 * Hands complex numbers from lane to lane through workgroup memory.
 */
import { arrayOf, complexArray, elementsOf, type Wgsl } from "../wgsl/wgsl.ts";
import { isEven, paddedElement, paddedLength, type Padding } from "./padding.ts";

/** Elements of a line: the first as WGSL, less than a step beyond a multiple of all their steps, and from one to the next. */
interface Elements {
  readonly first: string;
  readonly step: number;
}

/** Values that are written together, if the condition holds in the lane. */
export interface WriteGroup extends Elements {
  readonly condition: string | undefined;
  /** WGSL expressions of complex values. */
  readonly values: readonly string[];
}

/** Values that are read together. */
interface ReadGroup extends Elements {
  readonly count: number;
  /** WGSL expression: of whose line, where it is not the lane's own. */
  readonly line?: string;
}

/** Options of an exchange. */
interface ExchangeOptions {
  /** Complex numbers of all lines of the workgroup. */
  readonly length: number;
  readonly split: boolean;
  /** WGSL expression of the place where the lane's own line begins. */
  readonly line: string;
  /** Places from one element of a line to the next. */
  readonly pitch: number;
  readonly padding: Padding;
}

/**
 * The exchange memory of one workgroup. Split, it carries real and imaginary parts one after the other and so needs half the
 * bytes, for twice the barriers.
 */
export class Exchange {
  /** Module-scope declarations. */
  readonly declaration: string;
  readonly bytes: number;
  readonly #w: Wgsl;
  readonly #split: boolean;
  readonly #line: string;
  readonly #pitch: number;
  readonly #padding: Padding;
  #used = false;

  constructor(w: Wgsl, { length, split, line, pitch, padding }: ExchangeOptions) {
    this.#w = w;
    this.#split = split;
    this.#line = line;
    this.#pitch = pitch;
    this.#padding = padding;
    this.bytes = length * (split ? 4 : 8);
    const place = `${paddedElement(padding)}${pitch === 1 ? "" : ` * ${pitch}u`} + l`;
    this.declaration = `var<workgroup> cells: array<${split ? "f32" : "vec2f"}, ${length}>;
fn place(l: u32, e: u32) -> u32 { return ${place}; }
fn cell(l: u32, e: u32) -> ${split ? "f32" : "vec2f"} { return cells[place(l, e)]; }`;
  }

  /**
   * Writes all groups, waits for every lane, and returns the values of each group that is read, as names or as expressions that
   * must be used before the next exchange.
   */
  run(writes: readonly WriteGroup[], reads: readonly ReadGroup[]): string[][] {
    if (!this.#split) return this.#pass(writes, reads, "");
    const re = this.#pass(writes, reads, "x");
    const im = this.#pass(writes, reads, "y");
    return re.map((values, group) => values.map((value, i) => this.#w.let(`vec2f(${value}, ${im[group]![i]})`)));
  }

  #pass(writes: readonly WriteGroup[], reads: readonly ReadGroup[], part: "" | "x" | "y"): string[][] {
    const w = this.#w;
    // Nothing may be overwritten before the slowest lane has read it.
    if (this.#used) w.line("workgroupBarrier();");
    this.#used = true;
    for (const { condition, values, first, step } of writes) {
      const leave = this.#leave(values.length, step, part);
      w.when(
        condition,
        () => w.line(`${leave}(${arrayOf(values)}, ${this.#places(this.#line, first, step, values.length)});`),
      );
    }
    w.line("workgroupBarrier();");
    return reads.map(({ first, step, count, line = this.#line }) => {
      if (count === 1) return [this.#split ? w.let(`cell(${line}, ${first})`) : `cell(${line}, ${first})`];
      return elementsOf(w.let(`${this.#fetch(count, step)}(${this.#places(line, first, step, count)})`), count);
    });
  }

  /**
   * WGSL arguments of a function that writes or reads elements. Where they lie evenly, the place of the first is found and all others
   * lie at constant distances from it, which takes neither registers nor arithmetic.
   */
  #places(line: string, first: string, step: number, count: number): string {
    if (!isEven(step, count, this.#padding)) return `${line}, ${first}, ${step}u`;
    return `place(${line}, ${first}), ${paddedLength(step, this.#padding) * this.#pitch}u`;
  }

  #leave(count: number, step: number, part: "" | "x" | "y"): string {
    const even = isEven(step, count, this.#padding);
    return this.#w.define(`leave${count}${part}${even ? "" : "_uneven"}`, () => {
      const writes = Array.from(
        { length: count },
        (_, i) => `cells[${even ? nth("p", i) : `place(l, ${nth("e", i)})`}] = a[${i}]${part ? `.${part}` : ""};`,
      );
      return `(a: ${complexArray(count)}, ${even ? "p: u32" : "l: u32, e: u32"}, s: u32) {\n${writes.join("\n")}\n}`;
    });
  }

  #fetch(count: number, step: number): string {
    const even = isEven(step, count, this.#padding);
    return this.#w.define(`fetch${count}${even ? "" : "_uneven"}`, () => {
      const reads = Array.from({ length: count }, (_, i) => even ? `cells[${nth("p", i)}]` : `cell(l, ${nth("e", i)})`);
      const type = this.#split ? `array<f32, ${count}>` : complexArray(count);
      return `(${even ? "p: u32" : "l: u32, e: u32"}, s: u32) -> ${type} {\nreturn array(${reads.join(", ")});\n}`;
    });
  }
}

/** WGSL: element `i` from `first` on, `s` from one to the next. */
export function nth(first: string, i: number): string {
  return i === 0 ? first : i === 1 ? `${first} + s` : `${first} + ${i} * s`;
}
