/** Forms of the values of fields: from what somebody types to what a request holds, and back. */
import { SelectSchema } from "shared/contract/job_request.ts";
import { BYTES_FORM, parseBytes } from "shared/config.ts";

/** What was typed: a value, or what is wrong with it. */
type ReadValue = { readonly value: unknown } | { readonly fault: string };

/** A form of values. Texts are without blanks around them, and not empty. */
export interface FieldForm {
  readonly input: "text" | "choice" | "switch";
  /** How to write a value, where the schema has no such words. */
  readonly hint?: string;
  /** True where values are a few characters long. @default {false} */
  readonly isShort?: boolean;
  /** What the schema refuses is left to it, so that all messages are those of the service. */
  readonly read: (text: string) => ReadValue;
  /** @default {textOf} */
  readonly write?: (value: unknown) => string;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A number where it reads as one. */
const numberOr = (text: string): number | string => NUMBER.test(text) ? Number(text) : text;

const parts = (text: string) => text.split(",").map((part) => part.trim()).filter((part) => part !== "");

const WHOLE = /^\d{1,9}$/;

const TimesSchema = SelectSchema.shape.times.unwrap();

/** All forms. */
export const FORMS = {
  text: { input: "text", read: (value) => ({ value }) },
  choice: { input: "choice", read: (value) => ({ value }) },
  switch: { input: "switch", read: (text) => ({ value: text === "true" ? true : text }) },
  /** A number, a word, or several numbers. */
  values: {
    input: "text",
    isShort: true,
    read: (text) => ({ value: text.includes(",") ? parts(text).map(numberOr) : numberOr(text) }),
  },
  /** Indices and names. */
  list: {
    input: "text",
    isShort: true,
    read: (text) => ({ value: parts(text).map((part) => WHOLE.test(part) ? Number(part) : part) }),
  },
  bytes: {
    input: "text",
    isShort: true,
    read: (text) => {
      try {
        return { value: parseBytes("memory", text) };
      } catch {
        return { fault: `write ${BYTES_FORM}` };
      }
    },
  },
  /** `16:48`: from a voxel to before another. */
  range: {
    input: "text",
    hint: "The first voxel and the one after the last, such as 16:48; all of them where this is empty.",
    isShort: true,
    read: (text) => {
      const [start, stop, ...rest] = text.split(":").map((part) => part.trim());
      const isRange = WHOLE.test(start ?? "") && WHOLE.test(stop ?? "") && rest.length === 0;
      if (!isRange) return { fault: "write the first voxel and the one after the last, such as 16:48" };
      return { value: [Number(start), Number(stop)] };
    },
    write: (value) => Array.isArray(value) ? value.join(":") : "",
  },
  /** `0:10`, or `0:10:2` for every second one. */
  times: {
    input: "text",
    hint: "Such as 0:10, or 0:10:2 for every second one; all of them where this is empty.",
    isShort: true,
    read: (text) => {
      const numbers = text.split(":").map((part) => part.trim());
      if (numbers.length > 3 || !numbers.every((part) => WHOLE.test(part))) {
        return { fault: "write one time point, or start:stop or start:stop:step, such as 0:10:2" };
      }
      const [start, stop = start! + 1, step = 1] = numbers.map(Number);
      return { value: { start, stop, step } };
    },
    write: (value) => Object.values(TimesSchema.parse(value)).filter((part) => part !== undefined).join(":"),
  },
} as const satisfies Readonly<Record<string, FieldForm>>;

/** A value of a request as its field has it. */
export function textOf(value: unknown): string {
  if (value === undefined) return "";
  if (Array.isArray(value)) return value.map(String).join(", ");
  return String(value);
}
