/**
 * Transforms along y or z: a workgroup takes a few adjacent columns, one lane set per column.
 */
import { product } from "./codelets.ts";
import { ColumnAccess, type ColumnSpan, spanBindings, spanFunctions } from "./column_access.ts";
import { Exchange } from "./exchange.ts";
import type { BoxLayout } from "../program/layout.ts";
import { otfAt, type OtfFormat, otfType } from "../program/otf_format.ts";
import { projected, PROJECTION } from "../stages/projection.ts";
import { assembleShader, type Shader, TWIDDLES } from "../wgsl/shader.ts";
import { inputPlacement, type Line, outputPlacement, stockham } from "./stockham.ts";
import { allOf, Wgsl } from "../wgsl/wgsl.ts";
import type { ColumnShape } from "./workgroups.ts";

/** An axis whose lines do not lie together in memory. */
type ColumnAxis = "y" | "z";

/** The columns of a box along an axis, and how workgroups share them. */
export interface ColumnKernel {
  readonly axis: ColumnAxis;
  readonly layout: BoxLayout;
  readonly shape: ColumnShape;
}

/** The forward or the inverse transform of all columns, in place. */
export function columnShader(kernel: ColumnKernel, operation: "forward" | "inverse"): Shader {
  const sign = operation === "forward" ? -1 : 1;
  const { line, spectrum, stored } = columnLines(kernel);
  const input = new ColumnAccess(line.w, spectrum, inputPlacement(line, sign), "base");
  const registers = stockham(line, sign, input.load());
  new ColumnAccess(line.w, spectrum, outputPlacement(line, sign), "base").store(registers, stored);
  return finishShader(kernel, operation, { line, spans: [spectrum], projects: false });
}

/**
 * Forward transform, multiplication by the OTF or its conjugate and inverse transform of all columns but column 0 of the box,
 * in place; see packed_column_kernel.ts.
 */
export function multiplyShader(kernel: ColumnKernel, format: OtfFormat): Shader {
  const { line, spectrum, stored } = columnLines(kernel);
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
  const factors = new ColumnAccess(w, otf, outputPlacement(line, -1), "base").load();
  const products = coefficients.map((values, round) =>
    values.map((value, r) => {
      const factor = factors[round][r];
      // What is real is its own conjugate.
      return format.real ? w.let(`${value} * ${factor}`) : product(w, value, w.let(projected(factor)), false);
    })
  );
  const registers = stockham(line, 1, products);
  new ColumnAccess(w, spectrum, outputPlacement(line, 1), "base").store(
    registers,
    allOf(stored, "column_in_row != 0u"),
  );
  return finishShader(kernel, "multiply", { line, spans: [spectrum, otf], projects: !format.real });
}

/** Parts, length and stride of the columns of a box. */
export function columnSpan({ axis, layout }: ColumnKernel, name: string, access: ColumnSpan["access"]): ColumnSpan {
  const { box, halfWidth, parts } = layout;
  return axis === "y"
    ? { name, access, length: box[1], stride: halfWidth, parts: 1 }
    : { name, access, length: box[0], stride: halfWidth * box[1], parts };
}

/** Workgroups: x counts groups of columns, y the planes of the slab (axis y) or the rows of a plane (axis z). */
function columnLines(kernel: ColumnKernel): { line: Line; spectrum: ColumnSpan; stored: string | undefined } {
  const { axis, layout: { halfWidth, box }, shape: { plan, columns, split } } = kernel;
  const w = new Wgsl();
  const ragged = halfWidth % columns !== 0;
  w.line("let column = local_id.x;");
  w.line("let lane = local_id.y;");
  w.line(`let column_in_row = workgroup_id.x * ${columns}u + column;`);
  const inRow = ragged ? `min(column_in_row, ${halfWidth - 1}u)` : "column_in_row";
  w.line(`let base = workgroup_id.y * ${axis === "y" ? halfWidth * box[1] : halfWidth}u + ${inRow};`);
  const exchange = new Exchange(w, { length: plan.length * columns, split });
  return {
    line: { w, plan, exchange, lane: "lane", indexOf: (element) => `(${element}) * ${columns}u + column` },
    spectrum: columnSpan(kernel, "spectrum", "read_write"),
    stored: ragged ? `column_in_row < ${halfWidth}u` : undefined,
  };
}

function finishShader(
  { axis, shape: { plan, columns } }: ColumnKernel,
  operation: string,
  { line, spans, projects }: { line: Line; spans: readonly ColumnSpan[]; projects: boolean },
): Shader {
  const exchanges = plan.radices.length > 1;
  return assembleShader({
    label: `${axis} ${operation}`,
    header: `${operation} along ${axis}, ${plan.length} = ${plan.radices.join(" x ")}, in place`,
    bindings: [...spans.flatMap(spanBindings), ...(projects ? [PROJECTION] : []), TWIDDLES],
    declarations: [...spans.flatMap(spanFunctions), exchanges ? line.exchange.declaration : ""],
    sharedBytes: exchanges ? line.exchange.bytes : 0,
    workgroupSize: [columns, plan.lanes],
    body: line.w.toString(),
  });
}
