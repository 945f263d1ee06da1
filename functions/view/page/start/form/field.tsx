/** A field with its label, its unit, its hint, and what is wrong with it. */
import { choiceExplanation, choiceLabel } from "./choice_words.ts";
import { inWords } from "./field_words.ts";
import type { FormField } from "./fields.ts";
import { type JobFormState, textIn, touch, type } from "./job_form_state.ts";

interface FieldProps {
  readonly form: JobFormState;
  readonly field: FormField;
  /** What holds where nothing is given, such as what the image states. @default {nothing is said} */
  readonly otherwise?: string | undefined;
}

/** Classes of fields by their controls. */
const FORM_CLASSES = { text: "", choice: "short", switch: "turned" } as const;

/** The field. */
export function Field({ form, field, otherwise }: FieldProps) {
  const { path, label, unit } = field;
  const isChoice = field.form.input === "choice";
  // What is chosen is explained in place of the help, which names choices as commands do.
  const hint = (isChoice ? choiceExplanation(path, textIn(form.texts.value, field)) : undefined) ?? field.hint;
  const fault = faultIn(form, path);
  const id = `field-${path}`;
  const described = [...(hint === "" ? [] : [`${id}-hint`]), ...(fault === undefined ? [] : [`${id}-fault`])];
  return (
    <div class={`field ${FORM_CLASSES[field.form.input]} ${field.form.isShort ? "short" : ""}`}>
      <label for={id}>
        {label}
        {unit !== undefined && <span class="unit">{` ${unit}`}</span>}
      </label>
      <Control {...{ form, field, id, otherwise }} invalid={fault !== undefined} described={described.join(" ")} />
      {hint !== "" && <p class="note" id={`${id}-hint`}>{hint}</p>}
      {fault !== undefined && <p class="fault" id={`${id}-fault`}>{inWords(fault)}</p>}
    </div>
  );
}

/** What is wrong: told at once where the value is wrong, and once the field was left where it is missing. */
function faultIn({ checked, refused, touched, texts }: JobFormState, path: string): string | undefined {
  const isGiven = (texts.value[path] ?? "") !== "" || touched.value.has(path);
  return (isGiven ? checked.value.faults[path] : undefined) ?? refused.value[path];
}

interface ControlProps extends FieldProps {
  readonly id: string;
  readonly invalid: boolean;
  readonly described: string;
}

function Control({ form, field, id, otherwise, invalid, described }: ControlProps) {
  const { path, choices, form: { input } } = field;
  const text = textIn(form.texts.value, field);
  const common = {
    id,
    name: path,
    "aria-invalid": invalid,
    ...(described === "" ? {} : { "aria-describedby": described }),
    onBlur: () => touch(form, path),
  };
  if (input === "choice") {
    return (
      <select {...common} onChange={(event) => type(form, path, event.currentTarget.value)}>
        {field.initial === "" && <option value="" selected={text === ""} />}
        {choices.map((choice) => (
          <option key={choice} value={choice} selected={choice === text}>{choiceLabel(path, choice)}</option>
        ))}
      </select>
    );
  }
  if (input === "switch") {
    return (
      <input
        {...common}
        type="checkbox"
        checked={text === "true"}
        onChange={(event) => type(form, path, event.currentTarget.checked ? "true" : "")}
      />
    );
  }
  return (
    <input
      {...common}
      type="text"
      autocomplete="off"
      autocapitalize="off"
      spellcheck={false}
      value={text}
      placeholder={otherwise}
      onInput={(event) => type(form, path, event.currentTarget.value)}
    />
  );
}
