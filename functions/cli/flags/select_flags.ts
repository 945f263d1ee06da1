/** `--channel` and `--time`: which volumes of an image a job is about. */
import type { Select } from "shared/contract/job_request.ts";
import { refuseValue } from "./argument_values.ts";
import type { ValueFlag } from "./job_flag.ts";

type Channels = NonNullable<Select["channels"]>;
type Times = NonNullable<Select["times"]>;

/** A part between commas; a backslash takes the meaning from the character behind it. */
const PART = /^((?:\\.|[^,\\])+)(?:,(?=.)|$)/s;

export const SELECT_FLAGS: Readonly<Record<string, ValueFlag>> = {
  "channel": {
    at: "select.channels",
    example: "0,2",
    help: "channels to deconvolve, by index or name (--channel DAPI), in the order of OUTPUT",
    form: "channels by index or name in the order of the output, such as 0,2 or DAPI",
    read: (text, { flag, form }) => channelsOf(text) ?? refuseValue(flag, text, form),
    write: (channels) => [(channels as Channels).map(partOf).join(",")],
  },
  "time": {
    at: "select.times",
    example: "0:10",
    help: "time points to deconvolve: one, or START:STOP:STEP without STOP",
    form: "a time point or a range START:STOP:STEP without its stop, such as 3, 0:10, 5: or 0:100:10",
    read: (text, { flag, form }) => timesOf(text) ?? refuseValue(flag, text, form),
    write: (times) => [rangeOf(times as Times)],
  },
};

function channelsOf(text: string): Channels | undefined {
  const channels: Channels = [];
  for (let rest = text; rest !== "";) {
    const [whole, part] = PART.exec(rest) ?? [];
    const name = part?.trim();
    if (!name) return undefined;
    channels.push(/^\d{1,9}$/.test(name) ? Number(name) : name.replace(/\\(.)/gs, "$1"));
    rest = rest.slice(whole!.length);
  }
  return channels.length === 0 ? undefined : channels;
}

/** A name that is a number is told from an index by a backslash. */
function partOf(channel: number | string): string {
  return typeof channel === "number" ? `${channel}` : channel.replace(/[\\,]|^(?=\d+$)/g, "\\$&");
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
