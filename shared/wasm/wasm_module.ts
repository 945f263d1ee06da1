/**
 * The smallest WebAssembly module writer that the kernels need: functions of i32 parameters without a result, SIMD locals,
 * and one imported memory. The bytes follow the binary format of the WebAssembly core specification.
 */
import type { Code, ValueType } from "./wasm_code.ts";
import {
  f32x4Const,
  I32,
  i32Add,
  i32Const,
  i32NotEqual,
  localGet,
  localSet,
  loopWhile,
  unsigned,
  V128,
} from "./wasm_code.ts";

/** A local that changes. */
export interface Variable {
  readonly get: Code;
  readonly set: (value: Code) => void;
}

/** One function under construction. Every value gets a local of its own; the engine's compiler assigns registers. */
export class WasmFunction {
  readonly parameterCount: number;
  readonly #locals: ValueType[] = [];
  readonly #constants = new Map<number, Code>();
  readonly #prologue: number[] = [];
  #code: number[] = [];

  constructor(parameterCount: number) {
    this.parameterCount = parameterCount;
  }

  /** The i32 parameter at `index`. */
  parameter(index: number): Code {
    return localGet(index);
  }

  /** Appends instructions that leave nothing on the stack. */
  emit(code: Code): void {
    for (const byte of code) this.#code.push(byte);
  }

  /** Evaluates a SIMD expression once, and returns the expression that reads its value. */
  vector(value: Code): Code {
    return this.#keep(V128, value);
  }

  /** `value` in all four lanes, set once on entry: the engine would rebuild a literal in every turn of a loop. */
  constant(value: number): Code {
    const known = this.#constants.get(value);
    if (known) return known;
    const outer = this.#code;
    this.#code = this.#prologue;
    const local = this.vector(f32x4Const(value));
    this.#code = outer;
    this.#constants.set(value, local);
    return local;
  }

  /** A new i32 variable. */
  integer(initial: Code): Variable & { advance: (bytes: number) => void } {
    const variable = this.#variable(I32, initial);
    const advance = (bytes: number) => bytes !== 0 && variable.set(i32Add(variable.get, i32Const(bytes)));
    return { ...variable, advance };
  }

  /** A new SIMD variable. */
  mutableVector(initial: Code): Variable {
    return this.#variable(V128, initial);
  }

  /** Emits `body` `count` times in a loop (once without one if `count` is 1). */
  repeat(count: number, body: () => void): void {
    if (count === 1) return body();
    const left = this.integer(i32Const(count));
    this.repeatWhile(() => {
      body();
      left.advance(-1);
      return i32NotEqual(left.get, i32Const(0));
    });
  }

  /** Emits `body` in a loop that goes on while the condition it returns is not 0. */
  repeatWhile(body: () => Code): void {
    const outer = this.#code;
    this.#code = [];
    const condition = body();
    const inner = this.#code;
    this.#code = outer;
    this.emit(loopWhile(inner, condition));
  }

  /** The function's entry in the code section. */
  body(): number[] {
    const locals = this.#locals.flatMap((type) => [1, type]);
    const bytes = [...unsigned(this.#locals.length), ...locals, ...this.#prologue, ...this.#code, 0x0b];
    return [...unsigned(bytes.length), ...bytes];
  }

  #variable(type: ValueType, initial: Code): Variable {
    const get = this.#keep(type, initial);
    const index = this.parameterCount + this.#locals.length - 1;
    return { get, set: (value) => this.emit(localSet(index, value)) };
  }

  #keep(type: ValueType, value: Code): Code {
    this.#locals.push(type);
    const index = this.parameterCount + this.#locals.length - 1;
    this.emit(localSet(index, value));
    return localGet(index);
  }
}

function section(id: number, entries: readonly (readonly number[])[]): number[] {
  const content = [...unsigned(entries.length), ...entries.flat()];
  return [id, ...unsigned(content.length), ...content];
}

function utf8(text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [...unsigned(bytes.length), ...bytes];
}

/** Limits of a module's memory in pages of 64 KiB; one for a single thread may not be shared, since it is slower to copy from. */
interface MemoryLimits {
  readonly minimum: number;
  readonly maximum: number;
  readonly shared: boolean;
}

/** A binary module that imports the memory `env.memory` and exports `functions` under their names. */
export function wasmModule(
  { minimum, maximum, shared }: MemoryLimits,
  functions: ReadonlyMap<string, WasmFunction>,
): Uint8Array<ArrayBuffer> {
  const all = [...functions.values()];
  const types = all.map((f) => [0x60, ...unsigned(f.parameterCount), ...Array(f.parameterCount).fill(I32), 0]);
  const memory = [...utf8("env"), ...utf8("memory"), 2, shared ? 3 : 1, ...unsigned(minimum), ...unsigned(maximum)];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, types),
    ...section(2, [memory]),
    ...section(3, all.map((_, i) => unsigned(i))),
    ...section(7, [...functions.keys()].map((name, i) => [...utf8(name), 0, ...unsigned(i)])),
    ...section(10, all.map((f) => f.body())),
  ]);
}
