/** What the form holds: a text for each field, and how the PSF is given. */
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { defaultsBeside, dependentDefaults } from "shared/contract/algorithm.ts";
import { type JobRequest, type JobRequestInput, JobRequestSchema } from "shared/contract/job_request.ts";
import { invalidSettings } from "shared/invalid_request.ts";
import { field, FIELDS, type FormField } from "./fields.ts";
import { inWords } from "./field_words.ts";
import { textOf } from "./field_forms.ts";
import { suggestedOutput } from "./suggested_output.ts";

/** How the PSF is given. */
export type PsfWay = "optics" | "url";

/** What is wrong, by the paths of fields. */
type Faults = Readonly<Record<string, string>>;

/** The request that the form stands for, as far as it does. */
interface FormRequest {
  /** All values that can be read, whatever else is wrong. */
  readonly draft: Readonly<Record<string, unknown>>;
  /** Undefined while something is wrong or missing. */
  readonly request: JobRequestInput | undefined;
  readonly faults: Faults;
}

/** Texts by the paths of fields. */
type Texts = Readonly<Record<string, string>>;

/** The form. */
export interface JobFormState {
  /** Texts of fields that differ from their default. */
  readonly texts: Signal<Texts>;
  readonly psfWay: Signal<PsfWay>;
  /** Fields that were left or filled in by somebody: only these are told to be missing. */
  readonly touched: Signal<ReadonlySet<string>>;
  /** What the service says is wrong with the request as it stands. */
  readonly refused: Signal<Faults>;
  readonly checked: ReadonlySignal<FormRequest>;
}

/** Fields without which nothing can be planned. */
const NEEDED = ["source.url", "psf.url", "output.url"];

const ITERATIONS = "algorithm.iterations";

export function createJobForm(): JobFormState {
  const texts = signal<Texts>({});
  const psfWay = signal<PsfWay>("optics");
  return {
    texts,
    psfWay,
    touched: signal<ReadonlySet<string>>(new Set()),
    refused: signal<Faults>({}),
    checked: computed(() => checkForm(texts.value, psfWay.value)),
  };
}

/** Text of a field: what was typed, or its default; of the output, a place beside the source until another is given. */
export function textIn(texts: Texts, field: FormField): string {
  const { path } = field;
  return texts[path] ?? (path === "output.url" ? suggestedOutput(texts["source.url"] ?? "") : defaultIn(texts, field));
}

/** What a field shows while nothing is typed. The most iterations that the noise may choose would be taken for their number. */
function defaultIn(texts: Texts, { path, initial }: FormField): string {
  if (path === ITERATIONS && textIn(texts, field("algorithm.stop")) === "noise") return "";
  const [group, name] = path.split(".") as [string, string?];
  if (group !== "algorithm") return initial;
  const others = ["backProjector", "boundary", "acceleration", "stop", "iterations"].filter((other) => other !== name);
  const named = Object.fromEntries(others.map((other) => [other, texts[`algorithm.${other}`] || undefined]));
  const dependent = dependentDefaults(named);
  return String(Object.entries(dependent).find(([other]) => other === name)?.[1] ?? initial);
}

/** Changes the text of a field. */
export function type({ texts, refused }: JobFormState, path: string, text: string): void {
  batch(() => {
    texts.value = { ...texts.value, [path]: text };
    refused.value = {};
  });
}

/** Has a field say what is wrong with it from now on. */
export function touch({ touched }: JobFormState, path: string): void {
  if (!touched.value.has(path)) touched.value = new Set([...touched.value, path]);
}

/** True for a field that takes part in the request: of the PSF, the fields of one way to give it. */
function takesPart(path: string, psfWay: PsfWay): boolean {
  return path.startsWith("psf.optics.") ? psfWay === "optics" : !path.startsWith("psf.") || psfWay === "url";
}

function checkForm(texts: Texts, psfWay: PsfWay): FormRequest {
  const faults: Record<string, string> = {};
  const request: Record<string, unknown> = psfWay === "optics" ? { psf: { optics: {} } } : {};
  for (const field of FIELDS.values()) {
    if (!takesPart(field.path, psfWay)) continue;
    const text = textIn(texts, field).trim();
    if (text === "" && NEEDED.includes(field.path)) faults[field.path] = "write a path or an address";
    // A number that is written is asked for, also where it is the one that is run otherwise: it is no choice of the noise.
    const isUsual = field.path === ITERATIONS ? texts[ITERATIONS] === undefined : text === defaultIn(texts, field);
    if (text === "" || isUsual) continue;
    const read = field.form.read(text);
    if ("fault" in read) faults[field.path] = read.fault;
    else put(request, field.path.split("."), read.value);
  }
  if (Object.keys(faults).length > 0) return { draft: request, request: undefined, faults };
  const { success, error } = JobRequestSchema.safeParse(request);
  if (success) return { draft: request, request: request as JobRequestInput, faults };
  return { draft: request, request: undefined, faults: faultsOf(invalidSettings(error.issues)) };
}

function put(into: Record<string, unknown>, [name, ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) into[name!] = value;
  else put((into[name!] ??= {}) as Record<string, unknown>, rest, value);
}

/** Messages by the field that each is about: the one whose path begins as that of the message does. */
function faultsOf(issues: readonly { readonly path: string; readonly message: string }[]): Faults {
  const faults: Record<string, string> = {};
  for (const { path, message } of issues) faults[fieldAt(path) ?? path] ??= inWords(message);
  return faults;
}

/** The field that has a part of a request. */
export function fieldAt(path: string): string | undefined {
  return FIELDS.keys().find((field) => path === field || path.startsWith(`${field}.`)) ??
    FIELDS.keys().find((field) => path !== "" && field.startsWith(`${path}.`));
}

/** Fills the form with the request of a job. Several PSFs, one for each channel, have no field: the first is taken. */
export function fillForm({ texts, psfWay, touched, refused }: JobFormState, request: JobRequest): void {
  const psf = Array.isArray(request.psf) ? request.psf[0]! : request.psf;
  const all = Object.fromEntries(
    FIELDS.values().map(({ path, form }) => {
      const value = valueAt({ ...request, psf }, path.split("."));
      return [path, value === undefined ? "" : (form.write ?? textOf)(value)];
    }),
  );
  const beside = Object.entries(defaultsBeside(request.algorithm));
  const usual = Object.fromEntries(
    beside.map(([name, value]) => [`algorithm.${name}`, value === undefined ? undefined : String(value)]),
  );
  const values = Object.fromEntries(
    FIELDS.values().map(({ path, initial }) => [path, all[path]!, path in usual ? usual[path] : initial] as const)
      .filter(([, text, usual]) => text !== "" && text !== usual),
  );
  batch(() => {
    texts.value = values;
    psfWay.value = "optics" in psf ? "optics" : "url";
    touched.value = new Set();
    refused.value = {};
  });
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => Object(inner)[name], value);
}
