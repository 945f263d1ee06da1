/**
 * Makes the passes of one box: kernels over slabs of planes, and kernels along z over the whole box.
 */
import { type ColumnKernel, columnShader, multiplyShader } from "../fft/column_kernel.ts";
import { type CutPlace, cutShader, linearGrid } from "./cut.ts";
import type { BoxLayout } from "./layout.ts";
import type { GpuLimits } from "../device/limits.ts";
import { keepOtf, OTF_COLUMN, otfElements, type OtfFormat } from "./otf_format.ts";
import { packedMultiplyShader } from "../fft/packed_column_kernel.ts";
import { type Pass, type Resource, resourceOf, type Slice, type Stage } from "./pass.ts";
import { MEASUREMENTS, MEASUREMENTS_BYTES } from "../stages/measurement.ts";
import { SLAB, slabBuffer, SMALL_BYTES } from "../stages/parameters.ts";
import { PARTIAL_SUM_BYTES, PARTIAL_SUMS } from "../stages/partial_sums.ts";
import { type Projection, projectionBuffer } from "../stages/projection.ts";
import { rowGroups, rowShader } from "../fft/row_kernel.ts";
import type { RowStage } from "../stages/row_stages.ts";
import type { Binding, Shader } from "../wgsl/shader.ts";
import type { Slab } from "./slabs.ts";
import { VARIATION_LANES, variationShader } from "../stages/total_variation_kernel.ts";
import { type ColumnShape, columnShape, type RowShape, rowShape } from "../fft/workgroups.ts";

/** Volumes by binding, where a binding does not stand for the one of its own name. */
type Renamed = Readonly<Record<string, string>>;

/** Name of the buffer that holds one part of a volume. */
export function partBuffer(volume: string, part: number): string {
  return `${volume}[${part}]`;
}

/** Name of the table of twiddles for one length. */
export function twiddleBuffer(length: number): string {
  return `twiddles[${length}]`;
}

/** Name of the buffer that holds column 0 of an OTF. */
export function columnBuffer(otf: string): string {
  return `${otf} column`;
}

/** Names of the buffers that tell where column 0 of a part lies, and the voxels of a part that a run is asked for. */
export function columnCutBuffer(part: number): string {
  return `column cut[${part}]`;
}
export function coreCutBuffer(part: number): string {
  return `core cut[${part}]`;
}

/** Everything that the passes of a program depend on besides layout and slabs. */
interface PassMakerOptions {
  readonly limits: GpuLimits;
  readonly otf: OtfFormat;
  /** Bytes that a voxel takes in each volume, where it is not 4. */
  readonly volumeBytes: Readonly<Record<string, number>>;
  /** Columns of a workgroup, where not the usual number. */
  readonly columns: number | undefined;
}

/** Makes passes, and each shader once. */
export class PassMaker {
  readonly layout: BoxLayout;
  readonly slabs: readonly Slab[];
  readonly #limits: GpuLimits;
  readonly #otf: OtfFormat;
  readonly #volumeBytes: Readonly<Record<string, number>>;
  readonly #rowShape: RowShape;
  readonly #columns: number | undefined;
  readonly #shaders = new Map<string, Shader>();

  constructor(layout: BoxLayout, slabs: readonly Slab[], { limits, otf, volumeBytes, columns }: PassMakerOptions) {
    const [, ny, nx] = layout.box;
    this.layout = layout;
    this.slabs = slabs;
    this.#limits = limits;
    this.#otf = otf;
    this.#volumeBytes = volumeBytes;
    this.#columns = columns;
    this.#rowShape = rowShape(nx, Math.ceil(ny / 2), limits);
  }

  /** A row stage over a slab; of a stage of two uses, that of the projection. */
  rows(slab: Slab, stage: RowStage, projection: "forward" | "back" = "forward"): Pass {
    const shader = this.#shader(stage.label, () => rowShader(stage, this.#rowShape));
    const renamed = { projection: projectionBuffer(projection) };
    const resources = this.#slabResources(shader, slab, renamed, this.layout.box[2]);
    return { shader, resources, grid: [this.rowGroups, slab.planes] };
  }

  /** A transform along y over a slab; none for a 2-D box, whose y is transformed by {@link multiplication}. */
  columnsY(slab: Slab, direction: "forward" | "inverse"): Pass[] {
    if (this.lastAxis === "y") return [];
    const kernel = this.#kernel("y");
    const shader = this.#shader("y transform", () => columnShader(kernel));
    const projection = { projection: projectionBuffer(direction === "forward" ? "forward" : "back") };
    const resources = this.#slabResources(shader, slab, projection, this.layout.box[1]);
    return [{ shader, resources, grid: [this.#groups(kernel.shape), slab.planes] }];
  }

  /** The forward transform along the last axis that is transformed, over the whole box. */
  lastForward(): Stage {
    return [this.#multiplication("transform", "otf")];
  }

  /** Keeps what `spectrum` holds as the OTF `otf`. */
  keepOtf(otf: string): Stage {
    const { box: [, ny], halfWidth, parts, planesPerPart, partBytes } = this.layout;
    const { maxComputeWorkgroupsPerDimension: maxGroups } = this.#limits;
    const shader = this.#shader("keep OTF", () => keepOtf(this.#otf, maxGroups));
    const coefficients = planesPerPart * ny * halfWidth;
    return Array.from({ length: parts }, (_, part): Pass[] => {
      const spectrum = { buffer: partBuffer("spectrum", part), bytes: partBytes };
      const kept = { buffer: partBuffer(otf, part), bytes: this.partBytes(otf) };
      const grid = linearGrid(otfElements(this.#otf, coefficients), maxGroups);
      const column = this.#cut(spectrum, this.#otfColumn(otf), columnCutBuffer(part), 2 * planesPerPart * ny);
      return [{ shader, resources: resources(shader, [spectrum, kept]), grid }, column];
    }).flat();
  }

  /** Copies a part of the estimate, whose places {@link coreCutBuffer} hold, to the beginning of each buffer of `spectrum`. */
  cutCore(places: readonly (CutPlace | undefined)[]): Stage {
    return places.flatMap((place, part) => {
      if (!place) return [];
      const [from, to] = ["estimate", "spectrum"].map((name) => ({
        buffer: partBuffer(name, part),
        bytes: this.layout.partBytes,
      }));
      const [depth, height, width] = place.shape;
      return this.#cut(from!, to!, coreCutBuffer(part), depth * height * width);
    });
  }

  /** The multiplication by the OTF or its conjugate, with the transforms along the last axis around it. */
  multiplication(projection: "forward" | "back", otf: string): Stage {
    const kernel = this.#kernel(this.lastAxis);
    const [nz, ny] = this.layout.box;
    const renamed = { projection: projectionBuffer(projection), otf };
    const packed = this.#shader(`${kernel.axis} multiply packed`, () => packedMultiplyShader(kernel));
    const columnBytes = (8 * nz * ny) / this.layout.parts;
    return [
      this.#multiplication(projection, otf),
      {
        ...this.#overBox(kernel, packed, { renamed, used: columnBytes }),
        grid: [kernel.axis === "y" ? 1 : Math.floor(ny / 2) + 1, 1],
      },
    ];
  }

  /** The divisor of the update of `point` by total variation, into `variation`. */
  variation(point: string): Stage {
    const { parts, planesPerPart, partBytes, box: [, ny, nx] } = this.layout;
    const shader = this.#shader("variation", () => variationShader());
    return Array.from({ length: parts }, (_, part): Pass => {
      const neighbours: Readonly<Record<string, string>> = {
        point_before: partBuffer(point, (part + parts - 1) % parts),
        point: partBuffer(point, part),
        point_after: partBuffer(point, (part + 1) % parts),
        variation: partBuffer("variation", part),
      };
      const resources = shader.bindings.map((binding) => {
        const buffer = neighbours[binding.name];
        if (!buffer) return resourceOf(binding, { buffer: binding.name, bytes: SMALL_BYTES });
        // Of the neighbouring parts one plane each is read.
        const used = binding.name.startsWith("point_") ? partBytes / planesPerPart : partBytes;
        return resourceOf(binding, { buffer, bytes: partBytes, used });
      });
      return { shader, resources, grid: [Math.ceil((ny * nx) / VARIATION_LANES), planesPerPart] };
    });
  }

  /** A pass of a single workgroup over small buffers. */
  small(shader: Shader): Pass {
    const resources = shader.bindings.map((binding) =>
      resourceOf(binding, { buffer: binding.name, bytes: this.smallBytes(binding) })
    );
    return { shader, resources, grid: [1, 1] };
  }

  /** Bytes of the buffer of a binding that is not a volume. */
  smallBytes({ name }: Binding): number {
    if (name === PARTIAL_SUMS.name) return this.#partialSumBytes(this.layout.box[0]);
    return name === MEASUREMENTS.name ? MEASUREMENTS_BYTES : SMALL_BYTES;
  }

  /** Workgroups of a row kernel that share a plane. */
  get rowGroups(): number {
    return rowGroups(this.layout, this.#rowShape);
  }

  /** Bytes of one part of a volume. */
  partBytes(volume: string): number {
    const words = (this.layout.partBytes * (this.#volumeBytes[volume] ?? 4)) / 16;
    return 4 * Math.ceil(words);
  }

  /** Bytes of column 0 of an OTF. */
  get otfColumnBytes(): number {
    return 8 * this.layout.box[0] * this.layout.box[1];
  }

  /** The axis along which the OTF is multiplied: z, or y for a 2-D box. */
  get lastAxis(): "y" | "z" {
    return this.layout.box[0] === 1 ? "y" : "z";
  }

  /** Bytes of the partial sums that so many planes leave. */
  #partialSumBytes(planes: number): number {
    return PARTIAL_SUM_BYTES * this.rowGroups * planes;
  }

  #multiplication(projection: Projection, otf: string): Pass {
    const kernel = this.#kernel(this.lastAxis);
    const shader = this.#shader(`${kernel.axis} multiply`, () => multiplyShader(kernel, this.#otf));
    return this.#overBox(kernel, shader, { renamed: { projection: projectionBuffer(projection), otf } });
  }

  #cut(from: Slice, to: Slice, cut: string, words: number): Pass {
    const { maxComputeWorkgroupsPerDimension: maxGroups } = this.#limits;
    const shader = this.#shader("cut", () => cutShader(maxGroups));
    const slices = [{ ...from, used: 4 * words }, { ...to, used: 4 * words }, { buffer: cut, bytes: SMALL_BYTES }];
    return { shader, resources: resources(shader, slices), grid: linearGrid(words, maxGroups) };
  }

  #kernel(axis: "y" | "z"): ColumnKernel {
    const { box, halfWidth, parts } = this.layout;
    const shape = axis === "y"
      ? columnShape(box[1], halfWidth, 1, this.#limits, this.#columns)
      : columnShape(box[0], halfWidth, parts, this.#limits, this.#columns);
    return { axis, layout: this.layout, shape };
  }

  #groups({ columns }: ColumnShape): number {
    return Math.ceil(this.layout.halfWidth / columns);
  }

  #shader(label: string, make: () => Shader): Shader {
    const shader = this.#shaders.get(label) ?? make();
    this.#shaders.set(label, shader);
    return shader;
  }

  #slabResources(shader: Shader, slab: Slab, renamed: Renamed, length: number): Resource[] {
    const volumeSlice = (volume: string): Slice => {
      const planeBytes = this.partBytes(volume) / this.layout.planesPerPart;
      const buffer = partBuffer(volume, slab.part);
      return { buffer, offset: slab.firstPlane * planeBytes, bytes: slab.planes * planeBytes };
    };
    // Every plane has its place in the whole buffer, so that sums do not depend on slabs.
    const sums: Slice = {
      buffer: PARTIAL_SUMS.name,
      bytes: this.smallBytes(PARTIAL_SUMS),
      used: this.#partialSumBytes(slab.planes),
    };
    const small = { ...renamed, [SLAB.name]: slabBuffer(slab.planeOfBox) };
    return shader.bindings.map((binding) => {
      if (binding.name === PARTIAL_SUMS.name) return resourceOf(binding, sums);
      return resourceOf(
        binding,
        smallSlice(binding, small, length) ?? volumeSlice(renamed[binding.name] ?? binding.name),
      );
    });
  }

  #otfColumn(otf: string): Slice {
    return { buffer: columnBuffer(otf), bytes: this.otfColumnBytes };
  }

  /** A column kernel over all parts at once, which it binds as `NAME`, or as `NAME0`, `NAME1` and so on. */
  #overBox(kernel: ColumnKernel, shader: Shader, use: { readonly renamed?: Renamed; readonly used?: number }): Pass {
    const { box: [, ny] } = this.layout;
    const { renamed = {}, used } = use;
    const resources = shader.bindings.map((binding) => {
      if (binding.name === OTF_COLUMN.name) return resourceOf(binding, this.#otfColumn(renamed.otf));
      const [, name, part] = /^([a-z]+)(\d*)$/.exec(binding.name)!;
      const volume = renamed[name] ?? name;
      const slice = { buffer: partBuffer(volume, Number(part)), bytes: this.partBytes(volume) };
      const small = smallSlice(binding, renamed, kernel.shape.plan.length);
      return resourceOf(binding, small ?? (used === undefined ? slice : { ...slice, used }));
    });
    return { shader, resources, grid: [this.#groups(kernel.shape), kernel.axis === "y" ? 1 : ny] };
  }
}

/** Resources whose bindings are the given slices, in their order. */
function resources({ bindings }: Shader, slices: readonly Slice[]): Resource[] {
  return bindings.map((binding, i) => resourceOf(binding, slices[i]!));
}

/** Slices of the bindings that are not volumes: the twiddles of the transformed axis, and everything uniform or a struct. */
function smallSlice(binding: Binding, renamed: Renamed, length: number): Slice | undefined {
  if (binding.name === "twiddles") return { buffer: twiddleBuffer(length), bytes: 8 * length };
  if (binding.type.startsWith("array")) return undefined;
  return { buffer: renamed[binding.name] ?? binding.name, bytes: SMALL_BYTES };
}
