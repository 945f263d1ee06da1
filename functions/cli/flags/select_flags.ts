/** `--channel`, `--time` and `--crop`: which volumes of an image, and which part of them, a job is about. */
import type { Select } from "shared/contract/job_request.ts";
import { SPATIAL_AXES } from "shared/volume/geometry.ts";
import { channelOfText, refuseValue, textOfChannel } from "./argument_values.ts";
import type { ValueFlag } from "./job_flag.ts";

type Channels = NonNullable<Select["channels"]>;
type Times = NonNullable<Select["times"]>;
type Box = NonNullable<Select["box"]>;

/** A part between commas; a backslash takes the meaning from the character behind it. */
const PART = /^((?:\\.|[^,\\])+)(?:,(?=.)|$)/s;

export const SELECT_FLAGS: Readonly<Record<string, ValueFlag>> = {
  "channel": {
    at: "select.channels",
    example: "0,2",
    help: "channels to deconvolve, by index or name (--channel DAPI), in the order of OUTPUT",
    form: "channels by index or name in the order of the output, such as 0,2 or DAPI",
    read: (text, { flag, form }) => channelsOf(text) ?? refuseValue(flag, text, form),
    write: (channels) => [(channels as Channels).map(textOfChannel).join(",")],
  },
  "time": {
    at: "select.times",
    example: "0:10",
    help: "time points to deconvolve: one, or START:STOP:STEP without STOP",
    form: "a time point or a range START:STOP:STEP without its stop, such as 3, 0:10, 5: or 0:100:10",
    read: (text, { flag, form }) => timesOf(text) ?? refuseValue(flag, text, form),
    write: (times) => [rangeOf(times as Times)],
  },
  "crop": {
    at: "select.box",
    example: "Z,Y,X",
    help:
      "voxels to deconvolve, as a part of the image: START:STOP without STOP, or : for all, along each axis (0:32,:,100:612)",
    form: "START:STOP without STOP, or : for all, for each of Z,Y,X, such as 0:32,:,100:612 (Y,X for a 2-D image)",
    read: async (text, { flag, form, sourceHasZ }) => {
      const box = boxOf(text) ?? refuseValue(flag, text, form);
      if (text.split(",").length === 2 && await sourceHasZ()) {
        refuseValue(flag, text, `Z,Y,X, since the image has z, y and x: write --${flag} :,${text} for all planes`);
      }
      return box;
    },
    write: (box) => [boxText(box as Box)],
  },
};

function channelsOf(text: string): Channels | undefined {
  const channels: Channels = [];
  for (let rest = text; rest !== "";) {
    const [whole, part] = PART.exec(rest) ?? [];
    const name = part?.trim();
    if (!name) return undefined;
    channels.push(channelOfText(name));
    rest = rest.slice(whole!.length);
  }
  return channels.length === 0 ? undefined : channels;
}

function timesOf(text: string): Times | undefined {
  const [, start, range, stop, , step] = /^(\d{0,9})(:(\d{0,9})(:(\d{1,9}))?)?$/.exec(text) ?? [];
  if (start === undefined || text === "" || stop === "0" || step === "0") return undefined;
  const first = Number(start);
  if (range === undefined) return { start: first, stop: first + 1, step: 1 };
  return { start: first, ...(stop ? { stop: Number(stop) } : {}), step: Number(step ?? 1) };
}

function rangeOf({ start, stop, step }: Times): string {
  return `${start}:${stop ?? ""}${step === 1 ? "" : `:${step}`}`;
}

/** Ranges along z, y, x, or y, x; `:` is all of an axis. */
function boxOf(text: string): Box | undefined {
  const parts = text.split(",");
  if (parts.length !== 3 && parts.length !== 2) return undefined;
  const ranges: [string, [number, number]][] = [];
  for (const [index, part] of parts.entries()) {
    if (part.trim() === ":") continue;
    const [, start, stop] = /^(\d{0,7}):(\d{1,7})$/.exec(part.trim()) ?? [];
    if (start === undefined || Number(stop) === 0) return undefined;
    ranges.push([SPATIAL_AXES[index + 3 - parts.length]!, [Number(start), Number(stop)]]);
  }
  return Object.fromEntries(ranges);
}

function boxText(box: Box): string {
  return SPATIAL_AXES.map((name) => box[name]?.join(":") ?? ":").join(",");
}
