/**
 * Transforms along y or z: a workgroup takes a few adjacent columns, one lane set per column. Only the length of the columns is
 * in the code; where they lie is read from the sizes of the box, so that boxes share kernels.
 */
import { ColumnAccess, type ColumnSpan, spanBindings, spanFunctions, STRIDE } from "./column_access.ts";
import { Exchange } from "./exchange.ts";
import { SIZES } from "../program/box_sizes.ts";
import type { BoxLayout } from "../program/layout.ts";
import { otfAt, type OtfFormat, otfType } from "../program/otf_format.ts";
import { projected, PROJECTION } from "../stages/projection.ts";
import { assembleShader, type Shader, TWIDDLES } from "../wgsl/shader.ts";
import { forgotten, inputPlacement, type Line, outputPlacement, stockham } from "./stockham.ts";
import { arrayOf, complexArray, elementsOf, Wgsl } from "../wgsl/wgsl.ts";
import { paddedLength } from "./padding.ts";
import type { ColumnShape } from "./workgroups.ts";

/** An axis whose lines do not lie together in memory. */
type ColumnAxis = "y" | "z";

/** WGSL name of the function that gives a complex number the sign of the projection. */
const IN_DIRECTION = "directed";

/** The columns of a box along an axis, and how workgroups share them. */
export interface ColumnKernel {
  readonly axis: ColumnAxis;
  readonly layout: BoxLayout;
  readonly shape: ColumnShape;
}

/** The transform of all columns in place, forwards, or backwards by conjugates of what goes in and what comes out. */
export function columnShader(kernel: ColumnKernel): Shader {
  const { line, spectrum } = columnLines(kernel);
  const span = { ...spectrum, through: IN_DIRECTION };
  const input = new ColumnAccess(line.w, span, inputPlacement(line, -1), "base");
  const registers = stockham(line, -1, input.load());
  new ColumnAccess(line.w, span, outputPlacement(forgotten(line), -1), "base").store(registers, "in_row");
  return finishShader(kernel, "transform", { line, spans: [spectrum] });
}

/**
 * Forward transform, multiplication by the OTF or its conjugate and inverse transform of all columns but column 0 of the box, in
 * place; see packed_column_kernel.ts. Where the projection is `transform`, the forward transform of all columns.
 */
export function multiplyShader(kernel: ColumnKernel, format: OtfFormat): Shader {
  const { line, spectrum } = columnLines(kernel);
  const { w } = line;
  const otf: ColumnSpan = {
    ...columnSpan(kernel, "otf", "read"),
    format: {
      type: otfType(format),
      element: format.real ? "f32" : "vec2f",
      at: (buffer, index) => otfAt(format, buffer, index),
    },
  };
  const input = new ColumnAccess(w, spectrum, inputPlacement(line, -1), "base");
  const coefficients = stockham(line, -1, input.load());
  const between = outputPlacement(line, -1);
  w.when("projection.keeps != 0u", () => {
    new ColumnAccess(w, spectrum, outputPlacement(forgotten(line), -1), "base").store(coefficients, "in_row");
    w.line("return;");
  });
  const factors = new ColumnAccess(w, otf, between, "base").load();
  const products = coefficients.map((values, round) => multiplied(w, values, factors[round]!, format));
  const back = forgotten(line);
  const registers = stockham(back, 1, products);
  const output = new ColumnAccess(w, { ...spectrum, through: "conj" }, outputPlacement(back, 1), "base");
  output.store(registers, "in_row && column_in_row != 0u");
  return finishShader(kernel, "multiply", { line, spans: [spectrum, otf] });
}

/** Conjugates of the products; what is real is its own conjugate. */
function multiplied(w: Wgsl, values: readonly string[], factors: readonly string[], { real }: OtfFormat): string[] {
  const count = values.length;
  const multiply = w.define(`multiplied${count}`, () => {
    const products = values.map((_, r) =>
      `conj(${real ? `a[${r}] * b[${r}]` : `times(a[${r}], ${IN_DIRECTION}(b[${r}]))`})`
    );
    const types = `a: ${complexArray(count)}, b: array<${real ? "f32" : "vec2f"}, ${count}>`;
    return `(${types}) -> ${complexArray(count)} {\nreturn array(${products.join(", ")});\n}`;
  });
  return elementsOf(w.let(`${multiply}(${arrayOf(values)}, ${arrayOf(factors)})`), count);
}

/** Parts and length of the columns of a box. */
export function columnSpan({ axis, layout }: ColumnKernel, name: string, access: ColumnSpan["access"]): ColumnSpan {
  const { box, parts } = layout;
  return axis === "y" ? { name, access, length: box[1], parts: 1 } : { name, access, length: box[0], parts };
}

/** Workgroups: x counts groups of columns, y the planes of the slab (axis y) or the rows of a plane (axis z). */
function columnLines(kernel: ColumnKernel): { line: Line; spectrum: ColumnSpan } {
  const { axis, shape: { plan, columns } } = kernel;
  const w = new Wgsl();
  w.line("let column = local_id.x;");
  w.line("let lane = local_id.y;");
  w.line(`let column_in_row = workgroup_id.x * ${columns}u + column;`);
  // Columns that do not exist repeat the last that does, and store nothing.
  w.line("let in_row = column_in_row < sizes.half_width;");
  const [pitch, stride] = axis === "y" ? ["sizes.plane", "sizes.half_width"] : ["sizes.half_width", "sizes.plane"];
  w.line(`let base = workgroup_id.y * ${pitch} + min(column_in_row, sizes.half_width - 1u);`);
  w.line(`let ${STRIDE} = ${stride};`);
  const exchange = new Exchange(w, columnExchange(kernel.shape, columns));
  return {
    line: { w, plan, exchange, lane: "lane" },
    spectrum: columnSpan(kernel, "spectrum", "read_write"),
  };
}

/** The exchange of a workgroup of so many columns, whose elements lie beside each other. */
export function columnExchange({ plan, split, padding }: ColumnShape, columns: number) {
  return { length: paddedLength(plan.length, padding) * columns, split, line: "column", pitch: columns, padding };
}

function finishShader(
  { axis, shape: { plan, columns } }: ColumnKernel,
  operation: string,
  { line, spans }: { line: Line; spans: readonly ColumnSpan[] },
): Shader {
  const exchanges = plan.radices.length > 1;
  return assembleShader({
    label: `${axis} ${operation}`,
    header: `${operation} along ${axis}, ${plan.length} = ${plan.radices.join(" x ")}, in place`,
    bindings: [...spans.flatMap(spanBindings), PROJECTION, SIZES, TWIDDLES],
    declarations: [
      ...spans.flatMap(spanFunctions),
      `fn ${IN_DIRECTION}(a: vec2f) -> vec2f { return ${projected("a")}; }`,
      exchanges ? line.exchange.declaration : "",
      ...line.w.functions,
    ],
    sharedBytes: exchanges ? line.exchange.bytes : 0,
    workgroupSize: [columns, plan.lanes],
    body: line.w.toString(),
  });
}
