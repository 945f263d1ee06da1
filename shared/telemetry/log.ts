/** The log of a served function: one JSON object a line, to be found again by the trace it belongs to. */
import { printable } from "./printable.ts";
import { redactText } from "./redact.ts";
import { currentSpanIds } from "./span.ts";

type LogLevel = "info" | "warn" | "error";

/** Subject of a line, such as the job or the tile. */
export interface LogFields {
  /** @default {"error"} */
  readonly level?: LogLevel;
  readonly [name: string]: string | number | undefined;
}

/** Writes a line. */
export type Log = (message: string, fields?: LogFields) => void;

interface JsonLogOptions {
  /** Destination of lines. @default {console.error} */
  readonly write?: (line: string) => void;
  /** @default {the clock} */
  readonly now?: () => Date;
}

/**
 * A log of lines `{time, level, message, function, trace_id, span_id, ...fields}`; the ids are there where a trace is. Neither
 * messages nor fields keep what opens a store or a service.
 *
 * @param name of the function
 */
export function jsonLog(name: string, { write = console.error, now = () => new Date() }: JsonLogOptions = {}): Log {
  return (message, { level = "error", ...fields } = {}) => {
    const ids = currentSpanIds();
    const found = ids ? { trace_id: ids.traceId, span_id: ids.spanId } : {};
    const told = Object.fromEntries(
      Object.entries(fields).map(([key, value]) => [key, typeof value === "string" ? redactText(value) : value]),
    );
    const line = { time: now().toISOString(), level, message: redactText(message), function: name, ...found, ...told };
    write(printable(JSON.stringify(line)));
  };
}

/** A log for a person who looks on: `14:03:22 warn the message [job abc, tile 7]`, without the level where nothing is wrong. */
export function textLog(write: (line: string) => void, now = () => new Date()): Log {
  return (message, { level = "error", ...fields } = {}) => {
    const about = Object.entries(fields).flatMap(([name, value]) => value === undefined ? [] : [`${name} ${value}`]);
    const words = [now().toTimeString().slice(0, 8), ...(level === "info" ? [] : [level]), message];
    write(printable(redactText(`${words.join(" ")}${about.length === 0 ? "" : ` [${about.join(", ")}]`}`)));
  };
}

/** The plain text of the command line, which has its own ways to tell of what goes well; without what opens anything, too. */
export const plainLog: Log = (message, { level = "error" } = {}) => {
  if (level === "error") console.error(printable(redactText(message)));
};
