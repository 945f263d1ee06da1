/**
 * Reads and writes one column of a spectrum by the registers of a lane, wherever along the column its buffers are cut.
 */
import { type Binding } from "../wgsl/shader.ts";
import { elementOf, type Placement, type Registers } from "./stockham.ts";
import { allOf, plus, type Wgsl } from "../wgsl/wgsl.ts";

/** Form of the elements of a span that are not complex numbers as they are. */
interface SpanFormat {
  /** WGSL type of the binding, and of an element as it is read. */
  readonly type: string;
  readonly element: string;
  /** WGSL expression of the element at an index of a buffer. */
  readonly at: (buffer: string, index: string) => string;
}

/** A spectrum or an OTF as a column kernel sees it. */
export interface ColumnSpan {
  readonly name: string;
  readonly access: "read" | "read_write";
  /** Elements of a column, and complex numbers from one to the next. */
  readonly length: number;
  readonly stride: number;
  /** Buffers of equally many elements that the column is cut into. */
  readonly parts: number;
  /** Of a span that is only read. */
  readonly format?: SpanFormat;
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
 * Functions for columns whose parts are not known per register, `NAME_at(element, base)` and `set_NAME(element, base, value)`;
 * empty where the column is in one part.
 */
export function spanFunctions(span: ColumnSpan): string[] {
  if (span.parts === 1) return [];
  const { format = COMPLEX } = span;
  const perPart = span.length / span.parts;
  const cases = (statement: (buffer: string, index: string) => string) =>
    Array.from({ length: span.parts }, (_, part) => {
      const place = `base + (element - ${part * perPart}u) * ${span.stride}u`;
      const body = statement(partName(span.name, part, span.parts), place);
      return part === span.parts - 1 ? body : `if (element < ${(part + 1) * perPart}u) { ${body} }`;
    });
  const read = cases((buffer, index) => `return ${format.at(buffer, index)};`);
  const write = cases((buffer, index) => `${buffer}[${index}] = value; return;`);
  return [
    `fn ${span.name}_at(element: u32, base: u32) -> ${format.element} {\n${read.join("\n")}\n}`,
    ...(span.access === "read"
      ? []
      : [`fn set_${span.name}(element: u32, base: u32, value: vec2f) {\n${write.join("\n")}\n}`]),
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
    this.#starts = at.rounds.map(({ first }) => w.let(`${base} + ${first} * ${span.stride}u`));
  }

  /** Loads all registers and returns their names. */
  load(): string[][] {
    return this.#at.rounds.map((_, round) =>
      Array.from({ length: this.#at.radix }, (_, r) => {
        const place = this.#place(round, r);
        if (place) return this.#w.let((this.#span.format ?? COMPLEX).at(...place));
        return this.#w.let(`${this.#span.name}_at(${elementOf(this.#at, round, r)}, ${this.#base})`);
      })
    );
  }

  /** Stores all registers where the condition holds. */
  store(registers: Registers, condition: string | undefined): void {
    this.#at.rounds.forEach(({ active }, round) =>
      this.#w.when(allOf(active, condition), () => {
        registers[round].forEach((value, r) => {
          const place = this.#place(round, r);
          const call = `set_${this.#span.name}(${elementOf(this.#at, round, r)}, ${this.#base}, ${value})`;
          this.#w.line(place ? `${COMPLEX.at(...place)} = ${value};` : `${call};`);
        });
      })
    );
  }

  /** Buffer and index, where it is known in which buffer the register lies. */
  #place(round: number, r: number): [buffer: string, index: string] | undefined {
    const { name, length, stride, parts } = this.#span;
    const { radix, step } = this.#at;
    if (radix % parts !== 0) return undefined;
    const part = Math.floor((r * parts) / radix);
    const offset = (r * step - (part * length) / parts) * stride;
    return [partName(name, part, parts), plus(this.#starts[round], offset)];
  }
}

function partName(name: string, part: number, parts: number): string {
  return parts === 1 ? name : `${name}${part}`;
}
