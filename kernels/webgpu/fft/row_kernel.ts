/**
 * Transforms along x: two neighbouring real rows travel as one complex row. A row kernel turns spectrum into voxels, lets a
 * stage of row_stages.ts work on them, and turns the result into the spectrum again, all in one pass over memory.
 *
 * With `Z = A + sqrt(-1) B` for the spectra A and B of the two rows, `A(k) = (Z(k) + conj Z(n - k)) / 2` and
 * `B(k) = (Z(k) - conj Z(n - k)) / (2 sqrt(-1))`. Coefficients 0 and n / 2 of a row are real and share column 0, see layout.ts.
 */
import { Exchange } from "./exchange.ts";
import { SIZES } from "../program/box_sizes.ts";
import type { BoxLayout } from "../program/layout.ts";
import { addLanes, PARTIAL_SUMS, sumMemory } from "../stages/partial_sums.ts";
import { type RowStage, type VoxelPair } from "../stages/row_stages.ts";
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
import { plus, Wgsl } from "../wgsl/wgsl.ts";
import type { RowShape } from "./workgroups.ts";

/** Workgroups: x counts groups of row pairs in a plane, y the planes of the slab. */
export function rowShader(stage: RowStage, shape: RowShape): Shader {
  const { plan, pairs, pitch, split, padding } = shape;
  const { inverse = true, forward = true, instead } = stage;
  const w = new Wgsl();
  const exchange = new Exchange(w, {
    length: pitch * pairs,
    split,
    line: "own",
    pitch: 1,
    padding,
  });
  const line: Line = { w, plan, exchange, lane: "lane" };
  nameRows(w, shape);

  const other = instead && stageFunction(instead.stage, "on_voxels_instead");
  if (other) {
    w.when(instead.condition, () => {
      named(w, applyStage(line, other, stockham(line, 1, loadSpectrum(line))));
      w.line("return;");
    });
  }
  const voxels = inverse ? stockham(line, 1, loadSpectrum(line)) : undefined;
  const onVoxels = stageFunction(stage, "on_voxels");
  const applied = applyStage(line, onVoxels, voxels);
  // Sums are needed before anything is transformed.
  const results = forward && !stage.sums ? applied : named(w, applied);
  const invocations = plan.lanes * pairs;
  if (stage.sums) {
    w.line(`let invocation = local_id.y * ${plan.lanes}u + lane;`);
    addLanes(w, "sums", "invocation", invocations);
    const workgroup = "(slab.first_plane + workgroup_id.y) * sizes.row_groups + workgroup_id.x";
    w.when("invocation == 0u", () => w.line(`partial_sums[${workgroup}] = lane_sums[0];`));
  }
  if (forward) {
    const back = forgotten(line);
    storeSpectrum(back, stockham(back, -1, results));
  }

  const loads = inverse || instead !== undefined;
  return assembleShader({
    label: stage.label,
    header: `${stage.label}, ${plan.length} = ${plan.radices.join(" x ")}, ${pairs} pairs of rows`,
    bindings: [
      { name: "spectrum", type: "array<vec2f>", access: loads ? (forward ? "read_write" : "read") : "write" },
      ...stage.volumes,
      ...(instead?.stage.volumes ?? []),
      ...(stage.structs ?? []),
      ...(stage.sums ? [PARTIAL_SUMS] : []),
      SIZES,
      TWIDDLES,
    ],
    declarations: [
      stage.functions ?? "",
      ...(stage.sums ? ["var<private> sums: vec2f = vec2f(0.0);"] : []),
      onVoxels.text,
      other?.text ?? "",
      ...(loads ? loadFunctions(plan.length / 2) : []),
      ...(forward ? STORE_FUNCTIONS : []),
      exchange.declaration,
      ...w.functions,
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

/**
 * Names for a lane: the numbers `y` of its two rows in the plane, the complex numbers `rows` where they begin, and `has`, whether
 * they are its own. A pair or a second row that does not exist repeats the last that does, and stores nothing.
 */
function nameRows(w: Wgsl, { pairs, pitch }: RowShape): void {
  w.line("let lane = local_id.x;");
  w.line(`let pair = workgroup_id.x * ${pairs}u + local_id.y;`);
  w.line(`let own = local_id.y * ${pitch}u;`);
  w.line("let has = vec2<bool>(2u * pair < sizes.rows, 2u * pair + 1u < sizes.rows);");
  w.line("let first = min(pair, ((sizes.rows + 1u) >> 1u) - 1u) * 2u;");
  w.line("let y = vec2u(first, min(first + 1u, sizes.rows - 1u));");
  w.line("let rows = (y + workgroup_id.y * sizes.rows) * sizes.half_width;");
}

/**
 * Conjugates of two rows' spectra as the one complex row whose inverse transform is `a + sqrt(-1) b`: coefficient k below the
 * middle from the coefficients k of the two, coefficient k above it from their coefficients n - k. Those of 0 and of the middle
 * share a number.
 */
function loadFunctions(halfWidth: number): string[] {
  const [low, high] = ["vec2f(za.x - zb.y, -za.y - zb.x)", "vec2f(za.x + zb.y, za.y - zb.x)"];
  const load = (name: string, value: string, place = "k") =>
    `fn ${name}(rows: vec2u, k: u32) -> vec2f ` +
    `{ let i = rows + ${place}; let za = spectrum[i.x]; let zb = spectrum[i.y]; return ${value}; }`;
  return [
    load("low", low),
    load("lowest", `select(${low}, vec2f(za.x, -zb.x), k == 0u)`),
    load("high", high),
    load("middle", `select(${high}, vec2f(za.y, -zb.y), k == 0u)`, `select(${halfWidth}u - k, 0u, k == 0u)`),
  ];
}

function loadSpectrum(line: Line): string[][] {
  const { plan: { length } } = line;
  const at = inputPlacement(line, 1);
  const half = at.radix / 2;
  return at.rounds.map(({ first }) =>
    Array.from({ length: at.radix }, (_, r) => {
      const place = r <= half ? plus(first, r < half ? r * at.step : 0) : `${length - r * at.step}u - ${first}`;
      const load = r === 0 ? "lowest" : r < half ? "low" : r === half ? "middle" : "high";
      return `${load}(rows, ${place})`;
    })
  );
}

/** What the function of a stage sees, besides the bindings; it takes those that its text names. */
const STAGE_PARAMETERS: Readonly<Record<string, string>> = {
  i: "vec2u",
  x: "u32",
  y: "vec2u",
  plane: "u32",
  has: "vec2<bool>",
  voxels: "vec2f",
};

/** A WGSL function. */
interface StageFunction {
  readonly name: string;
  readonly text: string;
  readonly parameters: readonly string[];
}

/** The work of a stage on two voxels, as a function of the voxels i of a volume. */
function stageFunction(stage: RowStage, name: string): StageFunction {
  const w = new Wgsl();
  const pair: VoxelPair = {
    w,
    x: "x",
    y: ["y.x", "y.y"],
    plane: "plane",
    stored: (volume) => `vec2f(${volume}[i.x], ${volume}[i.y])`,
    load: (volume) => w.let(pair.stored(volume)),
    loadUint16(volume) {
      const voxel = (i: string) => `(${volume}[${i} >> 1u] >> ((${i} & 1u) * 16u)) & 0xffffu`;
      return w.let(`vec2f(f32(${voxel("i.x")}), f32(${voxel("i.y")}))`);
    },
    store(volume, value) {
      w.line(`if (has.x) { ${volume}[i.x] = ${value}.x; }`);
      w.line(`if (has.y) { ${volume}[i.y] = ${value}.y; }`);
    },
    add(first, second) {
      w.line(`if (has.x) { sums += vec2f(${first}.x, ${second}.x); }`);
      w.line(`if (has.y) { sums += vec2f(${first}.y, ${second}.y); }`);
    },
  };
  // A register holds the conjugate of two voxels.
  if (stage.inverse ?? true) w.line("let blurred = conj(voxels) * sizes.scale;");
  w.line(`return ${stage.point(pair, "blurred")};`);
  const body = w.toString();
  const parameters = Object.keys(STAGE_PARAMETERS).filter((name) => new RegExp(`(?<!\\.)\\b${name}\\b`).test(body));
  const typed = parameters.map((name) => `${name}: ${STAGE_PARAMETERS[name]}`).join(", ");
  return { name, text: `fn ${name}(${typed}) -> vec2f {\n${body}\n}`, parameters };
}

function named(w: Wgsl, expressions: readonly (readonly string[])[]): string[][] {
  return expressions.map((round) => round.map((expression) => w.let(expression)));
}

/** WGSL expressions of the stage on every register, each to be used once. */
function applyStage(line: Line, { name, parameters }: StageFunction, voxels: Registers | undefined): string[][] {
  const { w } = line;
  const at = inputPlacement(line, -1);
  return at.rounds.map(({ first, active }, round) => {
    const start = w.let(`rows * 2u + ${first}`);
    const has = active === undefined ? "has" : w.let(`vec2<bool>(has.x && ${active}, has.y && ${active})`);
    return Array.from({ length: at.radix }, (_, r) => {
      const values: Readonly<Record<string, string>> = {
        i: plus(start, r * at.step),
        x: elementOf(at, round, r),
        plane: "workgroup_id.y",
        has,
        voxels: voxels?.[round][r] ?? "",
      };
      return `${name}(${parameters.map((each) => values[each] ?? each).join(", ")})`;
    });
  });
}

/** Take coefficient k of the two rows apart, from coefficients k and n - k of the complex row, and store it. */
const STORE_FUNCTIONS = (() => {
  const [a, b] = ["0.5 * vec2f(z.x + o.x, z.y - o.y)", "0.5 * vec2f(z.y + o.y, o.x - z.x)"];
  const store = (name: string, ofA: string, ofB: string) =>
    `fn ${name}(rows: vec2u, k: u32, z: vec2f, o: vec2f, has: vec2<bool>) { keep(rows + k, ${ofA}, ${ofB}, has); }`;
  return [
    "fn keep(i: vec2u, a: vec2f, b: vec2f, has: vec2<bool>) " +
    "{ if (has.x) { spectrum[i.x] = a; } if (has.y) { spectrum[i.y] = b; } }",
    store("put", a, b),
    store("put_first", `select(${a}, vec2f(z.x, o.x), k == 0u)`, `select(${b}, vec2f(z.y, o.y), k == 0u)`),
  ];
})();

function storeSpectrum(line: Line, registers: Registers): void {
  const { w, plan: { length, lanes }, exchange, lane } = line;
  const halfWidth = length / 2;
  const at = outputPlacement(line, -1);
  const mirrored = w.index(`${length}u - ${lane}`);
  const coefficients = Array.from({ length: Math.ceil(halfWidth / lanes) }, (_, m) => {
    const k = plus(lane, m * lanes);
    const exists = (m + 1) * lanes > halfWidth ? `${k} < ${halfWidth}u` : undefined;
    const opposite = m === 0 ? `select(${mirrored}, ${halfWidth}u, ${lane} == 0u)` : `${mirrored} - ${m * lanes}u`;
    return { k, exists, opposite };
  });
  const values = exchange.run(
    at.rounds.map(({ first, active }, round) => ({
      condition: active,
      values: registers[round]!,
      first,
      step: at.step,
    })),
    coefficients.flatMap(({ k, opposite }) => [k, opposite].map((first) => ({ first, step: 0, count: 1 }))),
  );
  coefficients.forEach(({ k, exists }, m) => {
    const [z, o] = values.slice(2 * m, 2 * m + 2).flat();
    const call = `${m === 0 ? "put_first" : "put"}(rows, ${k}, ${z}, ${o}, has);`;
    w.when(exists, () => w.line(call));
  });
}
