/** What the stored integers of an output stand for, in words. */
import type { Intensity } from "shared/contract/stored_array.ts";

/** `0.0123 x stored - 5 in the units of the source`. */
export function intensityText({ scale, offset }: Intensity): string {
  const number = (value: number) => String(Number(value.toPrecision(4)));
  const moved = offset === 0 ? "" : ` ${offset < 0 ? "-" : "+"} ${number(Math.abs(offset))}`;
  return `${number(scale)} x stored${moved} in the units of the source`;
}
