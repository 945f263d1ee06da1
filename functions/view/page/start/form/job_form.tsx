/** The form of a job: the image, its PSF, the algorithm, the output. What is rarely needed is folded. */
import type { ComponentChildren } from "preact";
import type { ImageInfo } from "shared/contract/image_info.ts";
import { Segmented } from "../../panels/segmented.tsx";
import { Field } from "./field.tsx";
import { field, fieldsBelow, type FormField } from "./fields.ts";
import { PsfPictures } from "../psf/psf_pictures.tsx";
import { SourcePanel } from "../source/source_panel.tsx";
import type { Start } from "../start.ts";
import { type PsfWay, type } from "./job_form_state.ts";

/** Ways to give the PSF, in words. */
const PSF_WAYS: readonly (readonly [PsfWay, string])[] = [["optics", "From the optics"], ["url", "A measured one"]];

/** Fields of the algorithm that are not folded. */
const OFTEN = ["algorithm.iterations", "algorithm.acceleration", "algorithm.boundary", "algorithm.background"];

const OPTICS = fieldsBelow("psf.optics.");

/** Settings of the request itself that belong to its PSF. */
const OF_PSF = ["psfPlane", "psfSpacing"];

/** Of the whole run. */
const OF_RUN = ["strict", "backend", "memoryBytes", "seamCheck", "priority", "webhook.url"];

/** The form's sections. */
export function JobForm({ start }: { readonly start: Start }) {
  const { form, source } = start;
  const image = source.answer.value?.shown?.image;
  const fields = (all: readonly FormField[]) => all.map((one) => <Field key={one.path} form={form} field={one} />);
  const named = (...paths: readonly string[]) => fields(paths.map(field));
  return (
    <>
      <Section title="Image">
        {named("source.url")}
        <SourcePanel
          source={source}
          path={form.texts.value["source.path"] ?? ""}
          choose={(path) => type(form, "source.path", path)}
          crop={form.checked.value.request?.select?.box}
        />
        <Folded title="Part of the image: channels, time points, crop">
          {named("select.channels", "select.times", "select.box.z", "select.box.y", "select.box.x")}
        </Folded>
        <Folded title="How the image is read">{fields(fieldsBelow("source.", ["source.url"]))}</Folded>
      </Section>
      <Section title="PSF">
        <Segmented label="How the PSF is given" choices={PSF_WAYS} chosen={form.psfWay} />
        {form.psfWay.value === "optics"
          ? OPTICS.map((one) => <Field key={one.path} form={form} field={one} otherwise={stated(image, one.path)} />)
          : named("psf.url")}
        <PsfPictures start={start} />
        <Folded title="How the PSF is read and fitted">
          {named(...(form.psfWay.value === "url" ? ["psf.path", "psf.axes"] : []), ...OF_PSF)}
        </Folded>
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

/** What the image states where a field of the optics is empty, and the metadata that state it. */
function stated(image: ImageInfo | undefined, path: string): string | undefined {
  const { objective, channels = [], emissionFrom } = image ?? {};
  const emissions = [...new Set(channels.map(({ emissionNanometres }) => emissionNanometres))];
  switch (path) {
    case "psf.optics.na":
      return objective?.na === undefined ? undefined : `${objective.na} (OME-XML)`;
    case "psf.optics.immersionIndex":
      return objective?.immersionIndex === undefined ? undefined : `${objective.immersionIndex} (OME-XML)`;
    case "psf.optics.emissionNanometres":
      return emissionFrom === undefined ? undefined : `${emissions.join(", ")} (${emissionFrom})`;
    default:
      return undefined;
  }
}
