/**
 * Transforms along x: two neighbouring real rows travel as one complex row. A row kernel turns spectrum into voxels, lets a
 * stage of row_stages.ts work on them, and turns the result into the spectrum again, all in one pass over memory.
 *
 * With `Z = A + sqrt(-1) B` for the spectra A and B of the two rows, `A(k) = (Z(k) + conj Z(n - k)) / 2` and
 * `B(k) = (Z(k) - conj Z(n - k)) / (2 sqrt(-1))`. Coefficients 0 and n / 2 of a row are real and share column 0, see layout.ts.
 */
import { voxelCount } from "shared/volume/geometry.ts";
import { Exchange } from "./exchange.ts";
import type { BoxLayout } from "../program/layout.ts";
import { addLanes, PARTIAL_SUMS, sumMemory } from "../stages/partial_sums.ts";
import { type RowStage, type VoxelPair } from "../stages/row_stages.ts";
import { assembleShader, type Shader, TWIDDLES } from "../wgsl/shader.ts";
import { elementOf, inputPlacement, type Line, outputPlacement, type Registers, stockham } from "./stockham.ts";
import { allOf, float, plus, Wgsl } from "../wgsl/wgsl.ts";
import type { RowShape } from "./workgroups.ts";

/** Workgroups: x counts groups of row pairs in a plane, y the planes of the slab. */
export function rowShader(stage: RowStage, layout: BoxLayout, shape: RowShape): Shader {
  const { plan, pairs, pitch, split } = shape;
  const { inverse = true, forward = true } = stage;
  const w = new Wgsl();
  const exchange = new Exchange(w, { length: pitch * pairs, split });
  const indexOf = (element: string) => `exchange_base + padded(${element})`;
  const kernel: RowKernel = {
    line: { w, plan, exchange, lane: "lane", indexOf },
    layout,
    rows: nameRows(w, layout, shape),
  };

  let voxels: Registers | undefined;
  if (inverse) {
    const scale = float(1 / voxelCount(layout.box));
    voxels = stockham(kernel.line, 1, loadSpectrum(kernel)).map((values) =>
      values.map((value) => w.let(`${value} * ${scale}`))
    );
  }
  if (stage.sums) w.line("var sums = vec2f(0.0);");
  const results = applyStage(kernel, stage, voxels);
  const invocations = plan.lanes * pairs;
  if (stage.sums) {
    w.line(`let invocation = local_id.y * ${plan.lanes}u + lane;`);
    addLanes(w, "sums", "invocation", invocations);
    const workgroup = `(slab.first_plane + workgroup_id.y) * ${rowGroups(layout, shape)}u + workgroup_id.x`;
    w.when("invocation == 0u", () => w.line(`partial_sums[${workgroup}] = lane_sums[0];`));
  }
  if (forward) storeSpectrum(kernel, stockham(kernel.line, -1, results));

  return assembleShader({
    label: stage.label,
    header: `${stage.label}, ${plan.length} = ${plan.radices.join(" x ")}, ${pairs} pairs of rows`,
    bindings: [
      { name: "spectrum", type: "array<vec2f>", access: !inverse ? "write" : forward ? "read_write" : "read" },
      ...stage.volumes,
      ...(stage.structs ?? []),
      ...(stage.sums ? [PARTIAL_SUMS] : []),
      TWIDDLES,
    ],
    declarations: [
      stage.functions ?? "",
      "fn padded(element: u32) -> u32 { return element + (element >> 3u); }",
      exchange.declaration,
      stage.sums ? sumMemory(invocations).declaration : "",
    ],
    sharedBytes: exchange.bytes + (stage.sums ? sumMemory(invocations).bytes : 0),
    workgroupSize: [plan.lanes, pairs],
    body: w.toString(),
  });
}

/** Workgroups that share a plane. */
export function rowGroups({ box: [, ny] }: BoxLayout, { pairs }: RowShape): number {
  return Math.ceil(Math.ceil(ny / 2) / pairs);
}

interface RowKernel {
  readonly line: Line;
  readonly layout: BoxLayout;
  readonly rows: RowNames;
}

/** The two rows of a lane: WGSL names of their numbers in the slab, and conditions for having work on them. */
interface RowNames {
  readonly a: string;
  readonly b: string;
  /** Their numbers in the plane. */
  readonly yA: string;
  readonly yB: string;
  readonly activeA: string | undefined;
  readonly activeB: string | undefined;
}

/** A pair or a second row that does not exist repeats the last that does, and stores nothing. */
function nameRows(w: Wgsl, { box: [, ny] }: BoxLayout, { pairs, pitch }: RowShape): RowNames {
  const pairCount = Math.ceil(ny / 2);
  const ragged = pairCount % pairs !== 0;
  w.line("let lane = local_id.x;");
  w.line(`let pair = workgroup_id.x * ${pairs}u + local_id.y;`);
  w.line(`let exchange_base = local_id.y * ${pitch}u;`);
  const first = w.let(ragged ? `min(pair, ${pairCount - 1}u) * 2u` : "pair * 2u");
  const second = w.let(ny % 2 === 0 ? `${first} + 1u` : `min(${first} + 1u, ${ny - 1}u)`);
  const activeA = ragged ? `pair < ${pairCount}u` : undefined;
  return {
    a: w.let(`workgroup_id.y * ${ny}u + ${first}`),
    b: w.let(`workgroup_id.y * ${ny}u + ${second}`),
    yA: first,
    yB: second,
    activeA,
    activeB: allOf(activeA, ny % 2 === 0 ? undefined : `${first} < ${ny - 1}u`),
  };
}

/** Both rows' spectra as the one complex row whose inverse transform is `a + sqrt(-1) b`. */
function loadSpectrum({ line, layout: { halfWidth }, rows }: RowKernel): string[][] {
  const { w } = line;
  const at = inputPlacement(line, 1);
  const a = w.let(`${rows.a} * ${halfWidth}u`);
  const b = w.let(`${rows.b} * ${halfWidth}u`);
  const load = (k: string) => [w.let(`spectrum[${a} + ${k}]`), w.let(`spectrum[${b} + ${k}]`)];
  return at.rounds.map(({ first }) =>
    Array.from({ length: at.radix }, (_, r) => {
      const half = at.radix / 2;
      if (r < half) {
        const [za, zb] = load(plus(first, r * at.step));
        const both = `vec2f(${za}.x - ${zb}.y, ${za}.y + ${zb}.x)`;
        return w.let(r > 0 ? both : `select(${both}, vec2f(${za}.x, ${zb}.x), ${first} == 0u)`);
      }
      const mirrored = `${2 * halfWidth - r * at.step}u - ${first}`;
      const [za, zb] = load(r > half ? mirrored : w.let(`select(${mirrored}, 0u, ${first} == 0u)`));
      const both = `vec2f(${za}.x + ${zb}.y, ${zb}.x - ${za}.y)`;
      return w.let(r > half ? both : `select(${both}, vec2f(${za}.y, ${zb}.y), ${first} == 0u)`);
    })
  );
}

/** Runs the stage on every register. */
function applyStage({ line, layout, rows }: RowKernel, stage: RowStage, voxels: Registers | undefined): string[][] {
  const { w } = line;
  const nx = layout.box[2];
  const at = inputPlacement(line, -1);
  return at.rounds.map(({ first, active }, round) => {
    const startA = w.let(`${rows.a} * ${nx}u + ${first}`);
    const startB = w.let(`${rows.b} * ${nx}u + ${first}`);
    return Array.from({ length: at.radix }, (_, r) => {
      const [a, b] = [plus(startA, r * at.step), plus(startB, r * at.step)];
      const pair: VoxelPair = {
        w,
        x: elementOf(at, round, r),
        y: [rows.yA, rows.yB],
        plane: "workgroup_id.y",
        load: (volume) => w.let(`vec2f(${volume}[${a}], ${volume}[${b}])`),
        loadUint16(volume) {
          const voxel = (i: string) => `(${volume}[(${i}) >> 1u] >> (((${i}) & 1u) * 16u)) & 0xffffu`;
          return w.let(`vec2f(f32(${voxel(a)}), f32(${voxel(b)}))`);
        },
        store(volume, value) {
          w.when(allOf(active, rows.activeA), () => w.line(`${volume}[${a}] = ${value}.x;`));
          w.when(allOf(active, rows.activeB), () => w.line(`${volume}[${b}] = ${value}.y;`));
        },
        add(first, second) {
          w.when(allOf(active, rows.activeA), () => w.line(`sums += vec2f(${first}.x, ${second}.x);`));
          w.when(allOf(active, rows.activeB), () => w.line(`sums += vec2f(${first}.y, ${second}.y);`));
        },
      };
      return stage.point(pair, voxels?.[round][r] ?? "");
    });
  });
}

/** Takes the spectra of the two rows apart and stores them. */
function storeSpectrum({ line, layout: { halfWidth }, rows }: RowKernel, registers: Registers): void {
  const { w, plan, exchange } = line;
  const at = outputPlacement(line, -1);
  const groups = at.rounds.map(({ active }, round) => ({
    condition: active,
    writes: registers[round].map((value, r) => ({ index: line.indexOf(elementOf(at, round, r)), value })),
  }));
  const coefficients = Array.from({ length: Math.ceil(halfWidth / plan.lanes) }, (_, m) => {
    const k = plus("lane", m * plan.lanes);
    const exists = (m + 1) * plan.lanes > halfWidth ? `${k} < ${halfWidth}u` : undefined;
    const mirrored = `${2 * halfWidth}u - (${k})`;
    return { k, exists, opposite: m === 0 ? `select(${mirrored}, ${halfWidth}u, lane == 0u)` : mirrored };
  });
  const reads = coefficients.flatMap(({ k, opposite }) => [line.indexOf(k), line.indexOf(opposite)]);
  const values = exchange.run(groups, reads);
  const a = w.let(`${rows.a} * ${halfWidth}u`);
  const b = w.let(`${rows.b} * ${halfWidth}u`);
  coefficients.forEach(({ k, exists }, m) => {
    const [z, o] = values.slice(2 * m, 2 * m + 2);
    const general = [
      `0.5 * vec2f(${z}.x + ${o}.x, ${z}.y - ${o}.y)`,
      `0.5 * vec2f(${z}.y + ${o}.y, ${o}.x - ${z}.x)`,
    ].map((value) => w.let(value));
    const [za, zb] = m > 0 ? general : [
      w.let(`select(${general[0]}, vec2f(${z}.x, ${o}.x), lane == 0u)`),
      w.let(`select(${general[1]}, vec2f(${z}.y, ${o}.y), lane == 0u)`),
    ];
    w.when(allOf(exists, rows.activeA), () => w.line(`spectrum[${a} + ${k}] = ${za};`));
    w.when(allOf(exists, rows.activeB), () => w.line(`spectrum[${b} + ${k}] = ${zb};`));
  });
}
