/** Length of a scale bar: 1, 2 or 5 times a power of ten, as long as fits a third of what is shown. */

/** A bar and its label. */
interface ScaleBar {
  readonly pixels: number;
  readonly label: string;
}

/** Units of length by their name in OME-Zarr: symbol, and metres. */
const UNITS: Readonly<Record<string, readonly [symbol: string, metres: number]>> = {
  angstrom: ["Å", 1e-10],
  nanometer: ["nm", 1e-9],
  micrometer: ["µm", 1e-6],
  millimeter: ["mm", 1e-3],
  centimeter: ["cm", 1e-2],
  meter: ["m", 1],
};

/** Units that a bar is labelled in, largest first; others are read and not written. */
const LABELS = ["meter", "millimeter", "micrometer", "nanometer"];

/** Part of 1 by which a length may miss a power of ten: rounding, nothing else. */
const ROUNDING = 1e-9;

/** Symbol of a unit, its name where it has none, and `px` for none. */
export function unitSymbol(unit: string | undefined): string {
  return unit === undefined ? "px" : UNITS[unit]?.[0] ?? unit;
}

/**
 * The bar for a view.
 *
 * @param scale CSS pixels for a world unit
 * @param unit name of the world unit, as in OME-Zarr; undefined where only voxels are known
 * @param room longest bar, CSS pixels
 */
export function scaleBar(scale: number, unit: string | undefined, room: number): ScaleBar {
  const length = roundLength(room / scale);
  return { pixels: length * scale, label: lengthLabel(length, unit) };
}

function roundLength(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most) + ROUNDING);
  const factor = [5, 2, 1].find((step) => step * power <= most * (1 + ROUNDING)) ?? 1;
  return factor * power;
}

function lengthLabel(length: number, unit: string | undefined): string {
  const metres = unit === undefined ? undefined : UNITS[unit]?.[1];
  if (metres === undefined) return `${shortNumber(length)} ${unitSymbol(unit)}`;
  const total = length * metres;
  const name = LABELS.find((one) => total >= UNITS[one]![1] * (1 - ROUNDING)) ?? "nanometer";
  const [symbol, own] = UNITS[name]!;
  return `${shortNumber(total / own)} ${symbol}`;
}

/** A number with as many digits as tell something: 3 of them, or all before the point. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-3)) return value.toExponential(2).replace("e+", "e");
  return String(Number(size >= 1000 ? value.toFixed(0) : value.toPrecision(3)));
}
