/**
 * The SIMD kernels of byte shuffle. They work between two small areas of WebAssembly's memory that stay in a core's cache: one
 * holds elements, the other their bytes in planes.
 */
import { type Code, i32Const, i32NotEqual, shuffleUnits, v128Load, v128Store } from "shared/wasm/wasm_code.ts";
import { WasmFunction, wasmModule } from "shared/wasm/wasm_module.ts";

/** Bytes of each of the two areas; together they take half of a usual first-level cache or all of it. */
export const STRIP_BYTES = 2 ** 14;

const VECTOR = 16;

const SIZES = [2, 4, 8] as const;

/** The kernels for elements of one size, and the memory that they work on. */
export interface Strip {
  /** The elements, one after the other. */
  readonly elements: Uint8Array;
  /** For every byte of an element, that byte of all elements. */
  readonly planes: readonly Uint8Array[];
  /** Fills `planes` from `elements`, for so many elements: a multiple of 16, at most as many as there is room for. */
  readonly split: (count: number) => void;
  /** Fills `elements` from `planes`. */
  readonly join: (count: number) => void;
}

/** By bytes of an element. */
export type StripKernels = Readonly<Record<(typeof SIZES)[number], Strip>>;

/** Compiles the kernels, with memory of their own. */
export function interleavingKernels(): StripKernels {
  const functions = new Map<string, WasmFunction>();
  for (const size of SIZES) {
    functions.set(`split${size}`, splitKernel(size));
    functions.set(`join${size}`, joinKernel(size));
  }
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const module = new WebAssembly.Module(wasmModule({ minimum: 1, maximum: 1, shared: false }, functions));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const strip = (size: number): Strip => {
    const planeBytes = STRIP_BYTES / size;
    // A kernel ends where its first plane does.
    const run = (name: string) => (count: number) => (exports[name] as (end: number) => void)(STRIP_BYTES + count);
    return {
      elements: new Uint8Array(memory.buffer, 0, STRIP_BYTES),
      planes: Array.from(
        { length: size },
        (_, byte) => new Uint8Array(memory.buffer, STRIP_BYTES + byte * planeBytes, planeBytes),
      ),
      split: run(`split${size}`),
      join: run(`join${size}`),
    };
  };
  return { 2: strip(2), 4: strip(4), 8: strip(8) };
}

/** Loops over groups of 16 elements: `body` gets their address, and that of their first bytes. */
function kernel(size: number, body: (into: WasmFunction, elements: Code, plane: Code) => void): WasmFunction {
  const into = new WasmFunction(1);
  const elements = into.integer(i32Const(0));
  const plane = into.integer(i32Const(STRIP_BYTES));
  into.repeatWhile(() => {
    body(into, elements.get, plane.get);
    elements.advance(size * VECTOR);
    plane.advance(VECTOR);
    return i32NotEqual(plane.get, into.parameter(0));
  });
  return into;
}

/** Interleaves pairs of planes by single bytes, then pairs of pairs by two, and so on, until one stream is left. */
function joinKernel(size: number): WasmFunction {
  return kernel(size, (into, elements, plane) => {
    let streams = Array.from({ length: size }, (_, byte) => [into.vector(v128Load(plane, planeOffset(size, byte)))]);
    for (let unit = 1; unit < size; unit *= 2) {
      const [low, high] = [zip(unit, 0), zip(unit, VECTOR / unit / 2)];
      streams = pairs(streams).map(([a, b]) =>
        a.flatMap((vector, index) =>
          [low, high].map((picks) => into.vector(shuffleUnits(vector, b[index]!, unit, picks)))
        )
      );
    }
    streams[0]!.forEach((vector, index) => into.emit(v128Store(elements, vector, index * VECTOR)));
  });
}

/** The way back: parts one stream into the even and the odd units of half an element, and those again, down to single bytes. */
function splitKernel(size: number): WasmFunction {
  return kernel(size, (into, elements, plane) => {
    let streams = [Array.from({ length: size }, (_, index) => into.vector(v128Load(elements, index * VECTOR)))];
    for (let unit = size / 2; unit >= 1; unit /= 2) {
      const units = Array.from({ length: VECTOR / unit }, (_, index) => 2 * index);
      streams = streams.flatMap((stream) =>
        [units, units.map((even) => even + 1)].map((picks) =>
          pairs(stream).map(([a, b]) => into.vector(shuffleUnits(a, b, unit, picks)))
        )
      );
    }
    streams.forEach(([vector], byte) => into.emit(v128Store(plane, vector!, planeOffset(size, byte))));
  });
}

function planeOffset(size: number, byte: number): number {
  return byte * (STRIP_BYTES / size);
}

/** Units from `first` on, in turns from one vector and the other. */
function zip(unit: number, first: number): number[] {
  const units = VECTOR / unit;
  return Array.from({ length: units / 2 }, (_, index) => [first + index, units + first + index]).flat();
}

function pairs<Item>(items: readonly Item[]): [Item, Item][] {
  return Array.from({ length: items.length / 2 }, (_, index) => [items[2 * index]!, items[2 * index + 1]!]);
}
