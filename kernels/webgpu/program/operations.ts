/**
 * Floating-point operations of a plain iteration, counted from the plans of its transforms: additions, multiplications, divisions
 * and comparisons; a fused multiply-add counts twice, a change of sign or a conversion not at all. What idle lanes, ragged
 * workgroups and the second look at column 0 repeat is counted, since the device does it.
 */
import { type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { composition, isFreeTurn } from "../fft/codelets.ts";
import { boxLayout } from "./layout.ts";
import type { GpuLimits } from "../device/limits.ts";
import type { OtfFormat } from "./otf_format.ts";
import type { RadixPlan } from "../fft/radices.ts";
import { rowGroups } from "../fft/row_kernel.ts";
import { columnShape, rowShape } from "../fft/workgroups.ts";

/** Operations per voxel and iteration. */
export interface Operations {
  /** Butterflies and twiddles of the four transforms. */
  readonly transforms: number;
  /** Two real rows into a complex one and apart again, and the scale of the inverse. */
  readonly packing: number;
  /** Multiplications by the OTF. */
  readonly products: number;
  /** Ratio and update. */
  readonly pointwise: number;
}

/** A complex number times a complex number: four multiplications and two additions. */
const COMPLEX_PRODUCT = 6;

/** `packed_product` of packed_column_kernel.ts: two products, their sum, halves of four sums, two conjugations. */
const PACKED_PRODUCT = 2 * COMPLEX_PRODUCT + 2 + 4 * 4 + 2;

/** Per voxel of a row pass: half of 2 for two rows as one, half of 2 for the scale, a quarter of 8 for taking them apart. */
const ROW_PACKING = 1 + 1 + 2;

/** Per voxel: background, two bounds, a comparison and a quotient for the ratio; a bound and a product for the update. */
const POINTWISE = 5 + 2;

/** Forward and inverse transforms along every axis, and multiplications by the OTF, of an iteration. */
const ROUND_TRIPS = 2;

/** Operations of an unrolled transform of `n` complex numbers; see codelets.ts. */
export function dftOperations(n: number): number {
  if (n === 1) return 0;
  if (n === 2) return 4;
  if (n === 4) return 16;
  const composed = composition(n);
  if (!composed) {
    // Half as many sums and differences, the sum of all, and for each pair of outputs two weighted sums and two additions.
    const half = (n - 1) / 2;
    return 4 * half + 2 * half + half * (4 * half + 2 * (2 * half - 1) + 4);
  }
  const [columns, rows] = composed;
  const turns = Array.from({ length: n }, (_, i) => Math.floor(i / columns) * (i % columns) / n);
  const turned = turns.filter((turn) => !isFreeTurn(turn)).length;
  return rows * dftOperations(columns) + turned * COMPLEX_PRODUCT + columns * dftOperations(rows);
}

/** Operations of a forward and an inverse transform of one complex line. */
export function roundTripOperations({ length, radices, lanes }: RadixPlan): number {
  const passes = (ordered: readonly number[]) =>
    ordered.reduce((sum, radix, pass) => {
      const butterflies = lanes * Math.ceil(length / radix / lanes);
      const twiddles = pass === 0 ? 0 : (radix - 1) * COMPLEX_PRODUCT;
      return sum + butterflies * (twiddles + dftOperations(radix));
    }, 0);
  return passes(radices) + passes(radices.toReversed());
}

/** Counts an iteration without acceleration, damping, total variation or weights, which only add to what is pointwise. */
export function iterationOperations(box: Vec3, { real }: OtfFormat, limits: GpuLimits): Operations {
  const [nz, ny, nx] = box;
  const layout = boxLayout(box, limits);
  const { halfWidth, parts } = layout;
  const x = rowShape(nx, Math.ceil(ny / 2), limits);
  const pairs = nz * rowGroups(layout, x) * x.pairs;
  const y = columnShape(ny, halfWidth, 1, limits);
  const widthOf = ({ columns }: { columns: number }) => columns * Math.ceil(halfWidth / columns);
  const flat = nz === 1;
  const last = flat ? y : columnShape(nz, halfWidth, parts, limits);
  // A 2-D image has one column 0; of a 3-D box a workgroup takes those of two opposite rows.
  const packedColumns = flat ? 1 : 2 * (Math.floor(ny / 2) + 1);
  const lastColumns = widthOf(last) * (flat ? 1 : ny);
  const perIteration = (operations: number) => (ROUND_TRIPS * operations) / voxelCount(box);
  return {
    transforms: perIteration(
      pairs * roundTripOperations(x.plan) +
        (flat ? 0 : widthOf(y) * nz * roundTripOperations(y.plan)) +
        (lastColumns + packedColumns) * roundTripOperations(last.plan),
    ),
    packing: perIteration(ROW_PACKING * 2 * nx * pairs),
    products: perIteration(
      last.plan.length * (lastColumns * (real ? 2 : COMPLEX_PRODUCT + 1) + packedColumns * PACKED_PRODUCT),
    ),
    pointwise: (POINTWISE * 2 * nx * pairs) / voxelCount(box),
  };
}
