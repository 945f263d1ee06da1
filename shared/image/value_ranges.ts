/** Least and largest values, of blocks and of channels. */
import type { ChannelWindow } from "./channel_windows.ts";
import type { ChunkValues } from "./image.ts";

/** Of a block; null where it holds no finite number. */
export interface ValueRange {
  readonly least: number | null;
  readonly largest: number | null;
}

/** Collects the ranges of blocks by channel. */
export class ValueRanges {
  readonly #least: number[];
  readonly #largest: number[];

  constructor(channels: number) {
    this.#least = new Array(channels).fill(Infinity);
    this.#largest = new Array(channels).fill(-Infinity);
  }

  /** The range of a block; integers of 64 bits as the nearest number. */
  static of(values: ChunkValues): ValueRange {
    if (values instanceof BigInt64Array || values instanceof BigUint64Array) return rangeOfBig(values);
    let [least, largest] = [Infinity, -Infinity];
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (value < least && value > -Infinity) least = value;
      if (value > largest && value < Infinity) largest = value;
    }
    return finite(least, largest);
  }

  /** Adds a block of a channel. */
  add(channel: number, { least, largest }: ValueRange): void {
    if (least !== null) this.#least[channel] = Math.min(this.#least[channel]!, least);
    if (largest !== null) this.#largest[channel] = Math.max(this.#largest[channel]!, largest);
  }

  /** What viewers are to show of each channel: everything. Viewers divide by the width of a window. */
  windows(): ChannelWindow[] {
    return this.#least.map((lowest, channel) => {
      const least = Number.isFinite(lowest) ? lowest : 0;
      const largest = Math.max(this.#largest[channel]!, least);
      const end = largest > least ? largest : least + 1;
      return { min: least, max: end, start: least, end };
    });
  }
}

function rangeOfBig(values: BigInt64Array | BigUint64Array): ValueRange {
  let [least, largest] = [values[0]!, values[0]!];
  for (const value of values) {
    if (value < least) least = value;
    if (value > largest) largest = value;
  }
  return { least: Number(least), largest: Number(largest) };
}

function finite(least: number, largest: number): ValueRange {
  return {
    least: Number.isFinite(least) ? least : null,
    largest: Number.isFinite(largest) ? largest : null,
  };
}
