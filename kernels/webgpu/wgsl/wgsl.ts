/**
 * The little that the shader generators need to write WGSL: statements in order, and a name for every value.
 */

/** Collects the statements of one function body. */
export class Wgsl {
  readonly #lines: string[] = [];
  #names = 0;

  /** Binds `expression` to a new name and returns the name. */
  let(expression: string): string {
    const name = `v${this.#names++}`;
    this.line(`let ${name} = ${expression};`);
    return name;
  }

  /** Appends one statement. */
  line(statement: string): void {
    this.#lines.push(statement);
  }

  /** Runs `body` inside `if (condition) { }`, or without any `if` where there is no condition. */
  when(condition: string | undefined, body: () => void): void {
    if (condition === undefined) return body();
    this.line(`if (${condition}) {`);
    body();
    this.line("}");
  }

  /** The statements, one a line. */
  toString(): string {
    return this.#lines.join("\n");
  }
}

/** A float32 constant: nine digits tell any two of them apart, and the suffix keeps it from being an integer. */
export function float(value: number): string {
  return `${value.toPrecision(9)}f`;
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
