/**
 * Fields of the form, made from the contract: its schemas state the settings, their defaults, their choices and their help, so that
 * a new setting has its field here without another word.
 */
import type { z } from "zod";
import { AlgorithmSettings } from "shared/contract/algorithm.ts";
import { JobRequestSchema, OutputSchema, SelectSchema, TilingSchema } from "shared/contract/job_request.ts";
import { LocationSchema, PsfLocationSchema } from "shared/contract/location.ts";
import { OpticsSchema } from "shared/contract/psf_info.ts";
import { allowedValues, type NamedSetting, settingsOf } from "shared/contract/setting.ts";
import { labelOf, plainHelp, UNITS } from "./field_words.ts";
import { type FieldForm, FORMS, textOf } from "./field_forms.ts";

/** One field. */
export interface FormField {
  /** Where a request has its value, such as `algorithm.iterations`; the crop has one field for each axis. */
  readonly path: string;
  readonly label: string;
  readonly unit: string | undefined;
  readonly hint: string;
  readonly form: FieldForm;
  /** Words to choose from; of a switch, none. */
  readonly choices: readonly string[];
  /** Default of the contract as the field has it; empty where there is none. */
  readonly initial: string;
}

type Shape = Readonly<Record<string, z.ZodType>>;

function fieldOf(path: string, { name, schema, help, unit }: Pick<NamedSetting, "name" | "schema" | "help" | "unit">) {
  const at = path === "" ? name : `${path}.${name}`;
  const { words, number, isTriple, isPair, isList } = allowedValues(schema);
  const isFree = number !== undefined || isTriple || isPair || isList;
  const initial = schema.safeParse(undefined).data;
  const isSwitch = schema.safeParse(true).success;
  const form: FieldForm = isSwitch
    ? FORMS.switch
    : words.length > 0 && !isFree
    ? FORMS.choice
    : unit === "bytes"
    ? FORMS.bytes
    : isFree
    ? FORMS.values
    : FORMS.text;
  return {
    path: at,
    label: labelOf(at),
    unit: UNITS[at],
    hint: plainHelp(help),
    form,
    choices: form === FORMS.choice ? words : [],
    initial: initial === undefined ? "" : textOf(initial),
  } satisfies FormField;
}

/** The fields of the settings of a schema. */
function settingFields(path: string, shape: Shape): FormField[] {
  return settingsOf(shape).map((setting) => fieldOf(path, setting));
}

/** The field of a schema that has a description and no flag. */
function describedField(path: string, name: string, schema: z.ZodType, form?: FieldForm): FormField {
  const field = fieldOf(path, { name, schema, help: schema.description ?? "" });
  return form === undefined ? field : { ...field, form, choices: [], hint: form.hint ?? field.hint };
}

const { priority, webhook } = JobRequestSchema.shape;
const selection = SelectSchema.shape;
const box = selection.box.unwrap().shape;

/** All fields, in the order of the form. */
const ALL: readonly FormField[] = [
  describedField("source", "url", LocationSchema.shape.url, FORMS.text),
  describedField("source", "path", LocationSchema.shape.path, FORMS.text),
  describedField("source", "axes", LocationSchema.shape.axes, FORMS.text),
  ...settingFields("source", LocationSchema.shape),
  describedField("select", "channels", selection.channels, FORMS.list),
  describedField("select", "times", selection.times, FORMS.times),
  ...(["z", "y", "x"] as const).map((axis) => describedField("select.box", axis, box[axis], FORMS.range)),
  ...settingFields("psf.optics", OpticsSchema.shape),
  describedField("psf", "url", PsfLocationSchema.shape.url, FORMS.text),
  describedField("psf", "path", PsfLocationSchema.shape.path, FORMS.text),
  describedField("psf", "axes", PsfLocationSchema.shape.axes, FORMS.text),
  ...settingFields("algorithm", AlgorithmSettings.shape),
  describedField("output", "url", OutputSchema.shape.url, FORMS.text),
  describedField("output", "ifExists", OutputSchema.shape.ifExists),
  describedField("output", "pyramid", OutputSchema.shape.pyramid),
  ...settingFields("output", OutputSchema.shape),
  ...settingFields("tiling", TilingSchema.shape),
  ...settingFields("", JobRequestSchema.shape),
  describedField("", "priority", priority),
  describedField("webhook", "url", webhook.unwrap().shape.url, FORMS.text),
];

/** The fields by their paths. */
export const FIELDS: ReadonlyMap<string, FormField> = new Map(ALL.map((field) => [field.path, field]));

/** Fields whose paths begin with a prefix, without some. */
export function fieldsBelow(prefix: string, but: readonly string[] = []): FormField[] {
  return ALL.filter(({ path }) => path.startsWith(prefix) && !but.includes(path));
}

/** A field that there is. */
export function field(path: string): FormField {
  return FIELDS.get(path)!;
}
