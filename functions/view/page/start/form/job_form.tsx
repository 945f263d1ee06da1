/** The form of a job: the image, its PSF, the algorithm, the output. What is rarely needed is folded. */
import type { ComponentChildren } from "preact";
import type { Plan } from "shared/contract/plan.ts";
import { Segmented } from "../../panels/segmented.tsx";
import { Field } from "./field.tsx";
import { field, fieldsBelow, type FormField } from "./fields.ts";
import { type JobFormState, type PsfWay } from "./job_form_state.ts";

/** Ways to give the PSF, in words. */
const PSF_WAYS: readonly (readonly [PsfWay, string])[] = [["optics", "From the optics"], ["url", "A measured one"]];

/** Fields of the algorithm that are not folded. */
const OFTEN = ["algorithm.iterations", "algorithm.acceleration", "algorithm.boundary", "algorithm.background"];

const OPTICS = fieldsBelow("psf.optics.");

/** Settings of the request itself that belong to its PSF. */
const OF_PSF = ["psfPlane", "psfSpacing"];

/** Of the whole run. */
const OF_RUN = ["strict", "backend", "memoryBytes", "seamCheck", "priority", "webhook.url"];

interface JobFormProps {
  readonly form: JobFormState;
  /** The plan of what the form holds, where there is one: it says what the image states. */
  readonly plan: Plan | undefined;
}

/** The form's sections. */
export function JobForm({ form, plan }: JobFormProps) {
  const fields = (all: readonly FormField[]) => all.map((one) => <Field key={one.path} form={form} field={one} />);
  const named = (...paths: readonly string[]) => fields(paths.map(field));
  return (
    <>
      <Section title="Image">
        {named("source.url")}
        <Folded title="Part of the image: channels, time points, crop">
          {named("select.channels", "select.times", "select.box.z", "select.box.y", "select.box.x")}
        </Folded>
        <Folded title="How the image is read">{fields(fieldsBelow("source.", ["source.url"]))}</Folded>
      </Section>
      <Section title="PSF">
        <Segmented label="How the PSF is given" choices={PSF_WAYS} chosen={form.psfWay} />
        {form.psfWay.value === "optics"
          ? OPTICS.map((one) => <Field key={one.path} form={form} field={one} otherwise={stated(plan, one.path)} />)
          : named("psf.url", "psf.path", "psf.axes")}
        <Folded title="How the PSF is fitted">{named(...OF_PSF)}</Folded>
      </Section>
      <Section title="Algorithm">
        {named(...OFTEN)}
        <Folded title="All settings of the algorithm">{fields(fieldsBelow("algorithm.", OFTEN))}</Folded>
      </Section>
      <Section title="Output">
        {named("output.url", "output.ifExists", "output.dtype")}
        <Folded title="How the output is stored">
          {fields(fieldsBelow("output.", ["output.url", "output.ifExists", "output.dtype"]))}
        </Folded>
        <Folded title="How the job is run">{fields([...fieldsBelow("tiling."), ...OF_RUN.map(field)])}</Folded>
      </Section>
    </>
  );
}

function Section({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  const id = `section-${title.toLowerCase()}`;
  return (
    <section class="panel" aria-labelledby={id}>
      <h3 id={id}>{title}</h3>
      {children}
    </section>
  );
}

function Folded({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <details>
      <summary>{title}</summary>
      <div class="folded">{children}</div>
    </details>
  );
}

/** What a PSF is computed from where its field is empty, and where that is stated. */
function stated(plan: Plan | undefined, path: string): string | undefined {
  const name = path.slice("psf.optics.".length);
  const psfs = plan === undefined ? [] : plan.psf.channels ?? [plan.psf];
  const values = psfs.map(({ optics }) => Object(optics)[name]);
  const from = Object(psfs[0]?.opticsFrom)[name];
  if (values.some((value) => value === undefined) || from === undefined || from === "request") return undefined;
  return `${[...new Set(values)].join(", ")} (${from})`;
}
