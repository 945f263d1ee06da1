/**
 * The multiplication by the OTF in column 0, where the planes of coefficient 0 and `nx / 2` share complex numbers.
 *
 * Both planes are spectra of real images: with `P(k) = A(k) + sqrt(-1) B(k)` as stored, `A(k) = (P(k) + conj P(-k)) / 2` and
 * `sqrt(-1) B(k) = (P(k) - conj P(-k)) / 2`. Column 0 of the OTF is stored in the same way, by itself. So each column needs the one at `-ky` beside
 * it, and a workgroup takes the two; a 2-D image has its partner in the same column.
 */
import PACKED_PRODUCT from "../wgsl/packed_product.wgsl" with { type: "text" };
import { ColumnAccess, spanBindings, spanFunctions, STRIDE } from "./column_access.ts";
import { columnExchange, type ColumnKernel, columnSpan } from "./column_kernel.ts";
import { Exchange } from "./exchange.ts";
import { SIZES } from "../program/box_sizes.ts";
import { OTF_COLUMN } from "../program/otf_format.ts";
import { PROJECTION } from "../stages/projection.ts";
import { assembleShader, type Shader, TWIDDLES } from "../wgsl/shader.ts";
import {
  elementOf,
  forgotten,
  inputPlacement,
  type Line,
  outputPlacement,
  type Registers,
  stockham,
} from "./stockham.ts";
import { Wgsl } from "../wgsl/wgsl.ts";

/** Workgroups along x: one per pair of rows `ky` and `-ky` of axis z, or a single one for axis y. */
export function packedMultiplyShader(kernel: ColumnKernel): Shader {
  const { axis, shape: { plan } } = kernel;
  const columns = packedColumns(kernel);
  const w = new Wgsl();
  const exchange = new Exchange(w, columnExchange(kernel.shape, columns));
  const line: Line = { w, plan, exchange, lane: "lane" };
  const spectrum = columnSpan(kernel, "spectrum", "read_write");
  nameColumns(w, columns);
  w.line("let base = rows.x * sizes.half_width;");
  w.line(`let ${STRIDE} = ${axis === "z" ? "sizes.plane" : "sizes.half_width"};`);

  const input = new ColumnAccess(w, spectrum, inputPlacement(line, -1), "base");
  const coefficients = stockham(line, -1, input.load());
  // Elements of the OTF's column 0 from one element of a line to the next.
  const rows = axis === "z" ? "sizes.rows" : "1u";
  const products = multiplyPacked(line, coefficients, columns);
  const back = forgotten(line);
  const registers = stockham(back, 1, products);
  const stored = columns === 2 ? "(column == 0u || row != opposite_row)" : undefined;
  new ColumnAccess(w, { ...spectrum, through: "conj" }, outputPlacement(back, 1), "base").store(registers, stored);
  return assembleShader({
    label: `${axis} multiply packed`,
    header: `multiply column 0 along ${axis}, ${plan.length} = ${plan.radices.join(" x ")}, in place`,
    bindings: [...spanBindings(spectrum), OTF_COLUMN, PROJECTION, SIZES, TWIDDLES],
    declarations: [
      ...spanFunctions(spectrum),
      PACKED_PRODUCT,
      ...productFunctions(plan.length, rows),
      exchange.declaration,
      ...w.functions,
    ],
    sharedBytes: exchange.bytes,
    workgroupSize: [columns, plan.lanes],
    body: w.toString(),
  });
}

function packedColumns({ axis }: ColumnKernel): 1 | 2 {
  return axis === "z" ? 2 : 1;
}

/** Column 0 of the workgroup is row `ky`, column 1 its opposite; they may be the same, then column 1 stores nothing. */
function nameColumns(w: Wgsl, columns: 1 | 2): void {
  w.line("let column = local_id.x;");
  w.line("let lane = local_id.y;");
  w.line("let row = workgroup_id.x;");
  w.line("let opposite_row = select(sizes.rows - row, 0u, row == 0u);");
  const own = columns === 2 ? "select(row, opposite_row, column == 1u)" : "0u";
  const other = columns === 2 ? "select(opposite_row, row, column == 1u)" : "0u";
  w.line(`let rows = vec2u(${own}, ${other});`);
}

/** Fetches the partner of every coefficient from the other column and multiplies. */
function multiplyPacked(line: Line, coefficients: Registers, columns: number): string[][] {
  const { w, exchange } = line;
  const at = outputPlacement(line, -1);
  const partners = exchange.run(
    at.rounds.map(({ first, active }, round) => ({
      condition: active,
      values: coefficients[round]!,
      first,
      step: at.step,
    })),
    coefficients.flatMap((values, round) =>
      values.map((_, r) => ({
        first: `opposite(${elementOf(at, round, r)})`,
        step: 0,
        count: 1,
        line: `${columns - 1}u - column`,
      }))
    ),
  );
  return coefficients.map((values, round) =>
    values.map((value, r) =>
      w.let(`at_element(${value}, ${partners[round * at.radix + r]}, rows, ${elementOf(at, round, r)})`)
    )
  );
}

/** The element `-e mod length`, and the conjugate of the product of element e, `p`, and its partner `q` of the other row, by their OTFs. */
function productFunctions(length: number, rows: string): string[] {
  const factors = `otfcolumn[rows.x + e * ${rows}], otfcolumn[rows.y + opposite(e) * ${rows}]`;
  return [
    `fn opposite(e: u32) -> u32 { return select(${length}u - e, 0u, e == 0u); }`,
    `fn at_element(p: vec2f, q: vec2f, rows: vec2u, e: u32) -> vec2f { return conj(packed_product(p, q, ${factors})); }`,
  ];
}
