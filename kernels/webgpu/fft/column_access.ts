/**
 * Reads and writes one column of a spectrum by the registers of a lane, wherever along the column its buffers are cut.
 */
import { type Binding } from "../wgsl/shader.ts";
import { elementOf, type Placement, type Registers } from "./stockham.ts";
import { nth } from "./exchange.ts";
import { allOf, arrayOf, complexArray, elementsOf, type Wgsl } from "../wgsl/wgsl.ts";

/** Form of the elements of a span that are not complex numbers as they are. */
interface SpanFormat {
  /** WGSL type of the binding, and of an element as it is read. */
  readonly type: string;
  readonly element: string;
  /** WGSL expression of the element at an index of a buffer. */
  readonly at: (buffer: string, index: string) => string;
}

/** WGSL name of the complex numbers from one element of a column to the next, which every column kernel has in scope. */
export const STRIDE = "stride";

/** A spectrum or an OTF as a column kernel sees it. */
export interface ColumnSpan {
  readonly name: string;
  readonly access: "read" | "read_write";
  /** Elements of a column. */
  readonly length: number;
  /** Buffers of equally many elements that the column is cut into. */
  readonly parts: number;
  /** Of a span that is only read. */
  readonly format?: SpanFormat;
  /** Name of a WGSL function through which elements come and go. */
  readonly through?: string;
}

const COMPLEX: SpanFormat = { type: "array<vec2f>", element: "vec2f", at: (buffer, index) => `${buffer}[${index}]` };

/** The storage bindings of a span, one per part. */
export function spanBindings({ name, access, parts, format = COMPLEX }: ColumnSpan): Binding[] {
  return Array.from(
    { length: parts },
    (_, part) => ({ name: partName(name, part, parts), type: format.type, access }),
  );
}

/**
 * Functions for columns whose parts are not known per register, `NAME_at(element, base, stride)` and `set_NAME(element, base, stride, value)`;
 * empty where the column is in one part.
 */
export function spanFunctions(span: ColumnSpan): string[] {
  if (span.parts === 1) return [];
  const { format = COMPLEX } = span;
  const perPart = span.length / span.parts;
  const cases = (statement: (buffer: string, index: string) => string) =>
    Array.from({ length: span.parts }, (_, part) => {
      const place = `base + (element - ${part * perPart}u) * ${STRIDE}`;
      const body = statement(partName(span.name, part, span.parts), place);
      return part === span.parts - 1 ? body : `if (element < ${(part + 1) * perPart}u) { ${body} }`;
    });
  const read = cases((buffer, index) => `return ${format.at(buffer, index)};`);
  const write = cases((buffer, index) => `${buffer}[${index}] = value; return;`);
  return [
    `fn ${span.name}_at(element: u32, base: u32, ${STRIDE}: u32) -> ${format.element} {\n${read.join("\n")}\n}`,
    ...(span.access === "read"
      ? []
      : [`fn set_${span.name}(element: u32, base: u32, ${STRIDE}: u32, value: vec2f) {\n${write.join("\n")}\n}`]),
  ];
}

/** The registers of one lane in one placement, in the column that starts at the WGSL index `base`. */
export class ColumnAccess {
  readonly #w: Wgsl;
  readonly #span: ColumnSpan;
  readonly #at: Placement;
  readonly #base: string;
  /** Index of register 0 of each round if the column began there. */
  readonly #starts: readonly string[];

  constructor(w: Wgsl, span: ColumnSpan, at: Placement, base: string) {
    this.#w = w;
    this.#span = span;
    this.#at = at;
    this.#base = base;
    this.#starts = at.rounds.map(({ first }) => w.index(`${base} + ${first} * ${STRIDE}`));
  }

  /** Loads all registers and returns their names. */
  load(): string[][] {
    const { radix, step } = this.#at;
    const { name, parts, through, format = COMPLEX } = this.#span;
    return this.#at.rounds.map((_, round) => {
      if (parts === 1) {
        const load = this.#w.define(`load${radix}_${name}`, () => {
          const elements = Array.from({ length: radix }, (_, r) => passed(format.at(name, nth("i", r)), through));
          return `(i: u32, s: u32) -> array<${format.element}, ${radix}> {\nreturn array(${elements.join(", ")});\n}`;
        });
        return elementsOf(this.#w.let(`${load}(${this.#starts[round]}, ${step}u * ${STRIDE})`), radix);
      }
      return Array.from({ length: radix }, (_, r) => {
        const place = this.#place(round, r);
        const element = place
          ? format.at(...place)
          : `${name}_at(${elementOf(this.#at, round, r)}, ${this.#base}, ${STRIDE})`;
        return this.#w.let(passed(element, through));
      });
    });
  }

  /** Stores all registers where the condition holds. */
  store(registers: Registers, condition: string | undefined): void {
    const { radix, step } = this.#at;
    const { name, parts, through } = this.#span;
    this.#at.rounds.forEach(({ active }, round) =>
      this.#w.when(allOf(active, condition), () => {
        const values = registers[round]!;
        if (parts === 1) {
          const store = this.#w.define(`store${radix}${through ? `_${through}` : ""}_${name}`, () => {
            const statements = values.map((_, r) => `${name}[${nth("i", r)}] = ${passed(`a[${r}]`, through)};`);
            return `(a: ${complexArray(radix)}, i: u32, s: u32) {\n${statements.join("\n")}\n}`;
          });
          this.#w.line(`${store}(${arrayOf(values)}, ${this.#starts[round]}, ${step}u * ${STRIDE});`);
          return;
        }
        values.forEach((value, r) => {
          const place = this.#place(round, r);
          const called = passed(value, through);
          const call = `set_${name}(${elementOf(this.#at, round, r)}, ${this.#base}, ${STRIDE}, ${called})`;
          this.#w.line(place ? `${COMPLEX.at(...place)} = ${called};` : `${call};`);
        });
      })
    );
  }

  /** Buffer and index, where it is known in which buffer the register lies. */
  #place(round: number, r: number): [buffer: string, index: string] | undefined {
    const { name, length, parts } = this.#span;
    const { radix, step } = this.#at;
    if (radix % parts !== 0) return undefined;
    const part = Math.floor((r * parts) / radix);
    const elements = r * step - (part * length) / parts;
    const start = this.#starts[round];
    return [partName(name, part, parts), elements === 0 ? start : `${start} + ${elements}u * ${STRIDE}`];
  }
}

/** The element through a function, if there is one. */
function passed(element: string, through: string | undefined): string {
  return through ? `${through}(${element})` : element;
}

function partName(name: string, part: number, parts: number): string {
  return parts === 1 ? name : `${name}${part}`;
}
