/**
 * The little that the shader generators need to write WGSL: statements in order, a name for every value, and functions for what
 * is said more than once, since a driver reads every character of each shader.
 */

/** Collects the statements of one function body, and the functions that they call. */
export class Wgsl {
  readonly #lines: string[] = [];
  readonly #functions = new Map<string, string>();
  #indices = new Map<string, string>();
  #names = 0;

  /** Binds `expression` to a new name and returns the name. */
  let(expression: string): string {
    const name = `v${this.#names++}`;
    this.line(`let ${name} = ${expression};`);
    return name;
  }

  /** The same for an expression that is equal wherever it stands, such as an index: its name serves again as long as it is in scope. */
  index(expression: string): string {
    const name = this.#indices.get(expression) ?? this.let(expression);
    this.#indices.set(expression, name);
    return name;
  }

  /** Appends one statement. */
  line(statement: string): void {
    this.#lines.push(statement);
  }

  /** Runs `body` inside `if (condition) { }`, or without any `if` where there is no condition. */
  when(condition: string | undefined, body: () => void): void {
    if (condition === undefined) return body();
    const outside = new Map(this.#indices);
    this.line(`if (${condition}) {`);
    body();
    this.line("}");
    this.#indices = outside;
  }

  /** Defines a function of this name, unless it is there, by what follows the name; returns the name. */
  define(name: string, signatureAndBody: () => string): string {
    if (!this.#functions.has(name)) this.#functions.set(name, `fn ${name}${signatureAndBody()}`);
    return name;
  }

  /** The functions, each after those that it calls. */
  get functions(): string[] {
    return [...this.#functions.values()];
  }

  /** The statements, one a line. */
  toString(): string {
    return this.#lines.join("\n");
  }
}

/** A float32 constant: nine digits tell any two of them apart, and a point keeps it from being an integer. */
export function float(value: number): string {
  const digits = `${Number(value.toPrecision(9))}`;
  return /[.e]/.test(digits) ? digits : `${digits}.0`;
}

/** `expression + offset` without a needless `+ 0u`. */
export function plus(expression: string, offset: number): string {
  return offset === 0 ? expression : `${expression} + ${offset}u`;
}

/** The conjunction of those conditions that are given, or undefined if none is. */
export function allOf(...conditions: readonly (string | undefined)[]): string | undefined {
  const given = conditions.filter((condition) => condition !== undefined);
  return given.length === 0 ? undefined : given.join(" && ");
}

/** WGSL type of so many complex numbers. */
export function complexArray(length: number): string {
  return `array<vec2f, ${length}>`;
}

/** The names of the elements of an array. */
export function elementsOf(array: string, length: number): string[] {
  return Array.from({ length }, (_, i) => `${array}[${i}]`);
}

/** An array of values; the one whose elements they are, if they are those of one. */
export function arrayOf(values: readonly string[]): string {
  const [, array] = /^(\w+)\[0\]$/.exec(values[0]!) ?? [];
  const isWhole = array !== undefined && elementsOf(array, values.length).every((name, i) => name === values[i]);
  return isWhole ? array : `array(${values.join(", ")})`;
}
