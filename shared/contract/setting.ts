/**
 * Settings of a job: the schema of each carries the flag that states it, its help and its row in a plan. Flags, help, the table of
 * a plan, the OpenAPI document and docs/settings.md are made from here, so a new setting is declared once.
 */
import { z } from "zod";

/** Description of a setting that takes a value. */
interface Setting {
  /** Name of the flag, without dashes. */
  readonly flag: string;
  /** Value that help shows behind the flag: the default, or a placeholder; absent for a flag without a value, which says true. */
  readonly example?: string;
  /** Sentence for help and the OpenAPI document. */
  readonly help: string;
  /** Form of the value, for messages. @default {derived from the schema} */
  readonly form?: string;
  /** Unit of a number that may be written with a suffix, such as 2GiB. */
  readonly unit?: "bytes";
  /** Setting that gives this one a meaning: the flag is refused without it. */
  readonly beside?: { readonly setting: string; readonly value: string };
  /** Name in the plan's table, which shows the setting where it differs from its default. */
  readonly row?: string;
}

/** Descriptions by schema. */
const SETTINGS = z.registry<Setting>();

export function setting<T extends z.ZodType>(schema: T, description: Setting): T {
  const described = schema.describe(description.help);
  SETTINGS.add(described, description);
  return described;
}

/** A setting of an object schema: its name there, its schema and its description. */
export interface NamedSetting extends Setting {
  readonly name: string;
  readonly schema: z.ZodType;
}

/** The settings among the fields of an object schema, in their order. */
export function settingsOf(shape: Readonly<Record<string, z.ZodType>>): NamedSetting[] {
  return Object.entries(shape).flatMap(([name, schema]) => {
    const description = SETTINGS.get(schema);
    return description === undefined ? [] : [{ ...description, name, schema }];
  });
}

/** Values that a schema allows: words, and a range of numbers. */
interface AllowedValues {
  readonly words: readonly string[];
  readonly number?: { readonly integer: boolean; readonly form: string };
  readonly isTriple: boolean;
  readonly isPair: boolean;
  /** True for numbers in any number. */
  readonly isList: boolean;
}

export function allowedValues(schema: z.ZodType): AllowedValues {
  const stated = z.toJSONSchema(schema, { io: "input" });
  const alternatives = (stated.anyOf ?? [stated]) as z.core.JSONSchema.JSONSchema[];
  const words = alternatives.flatMap(({ const: only, enum: some }) => [only, ...(some ?? [])])
    .filter((word) => typeof word === "string");
  const number = alternatives.find(({ type }) => type === "integer" || type === "number");
  return {
    words,
    ...(number ? { number: { integer: number.type === "integer", form: numberForm(number) } } : {}),
    isTriple: alternatives.some(({ type, prefixItems }) => type === "array" && prefixItems?.length === 3),
    isPair: alternatives.some(({ type, prefixItems }) => type === "array" && prefixItems?.length === 2),
    isList: alternatives.some(({ type, prefixItems }) => type === "array" && prefixItems === undefined),
  };
}

/** The form of a value, for messages. */
export function settingForm({ form, schema, example }: NamedSetting): string {
  if (form !== undefined) return form;
  if (example === undefined) return "true or false";
  const { words, number } = allowedValues(schema);
  if (number === undefined) return `one of ${words.join(", ")}`;
  return words.length === 0 ? number.form : `${number.form}, ${words.length === 1 ? "or " : ""}${words.join(" or ")}`;
}

function numberForm(
  { type, minimum, maximum, exclusiveMinimum, exclusiveMaximum }: z.core.JSONSchema.JSONSchema,
): string {
  const kind = type === "integer" ? "a whole number" : "a number";
  const most = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (exclusiveMinimum !== undefined) {
    const below = exclusiveMaximum === undefined ? "" : ` and below ${exclusiveMaximum}`;
    return `${kind} above ${exclusiveMinimum}${most === undefined ? below : ` and at most ${most}`}`;
  }
  if (minimum === undefined || minimum === Number.MIN_SAFE_INTEGER) return kind;
  return most === undefined ? `${kind} of at least ${minimum}` : `${kind} from ${minimum} to ${most}`;
}
