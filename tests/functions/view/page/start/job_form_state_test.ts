import { assertEquals } from "@std/assert";
import { field } from "functions/view/page/start/form/fields.ts";
import { createJobForm, fillForm, textIn, type } from "functions/view/page/start/form/job_form_state.ts";
import { type JobRequestInput, JobRequestSchema } from "shared/contract/job_request.ts";

function filledForm(algorithm: Readonly<Record<string, string>>) {
  const form = createJobForm();
  form.psfWay.value = "url";
  for (const [path, text] of [["source.url", "a.zarr"], ["psf.url", "psf.tif"]] as const) type(form, path, text);
  for (const [name, text] of Object.entries(algorithm)) type(form, `algorithm.${name}`, text);
  const shown = (name: string) => textIn(form.texts.value, field(`algorithm.${name}`));
  return { form, shown: ["boundary", "acceleration", "start"].map(shown).join(" ") };
}

for (
  const [typed, shown, asked] of [
    [{}, "non-circulant shb flat", undefined],
    [{ acceleration: "shb" }, "non-circulant shb flat", undefined],
    [{ acceleration: "none" }, "non-circulant none data", { acceleration: "none" }],
    [{ boundary: "symmetric" }, "symmetric none data", { boundary: "symmetric" }],
    [{ backProjector: "wiener-butterworth" }, "symmetric none data", { backProjector: "wiener-butterworth" }],
    // What is the default elsewhere is asked for where it is not.
    [{ boundary: "symmetric", acceleration: "shb", start: "flat" }, "symmetric shb flat", {
      ...{ boundary: "symmetric", acceleration: "shb", start: "flat" },
    }],
  ] as const
) {
  Deno.test(`the form shows and asks for what the service runs where it holds ${JSON.stringify(typed)}`, () => {
    const { form, shown: held } = filledForm(typed);
    const request = form.checked.value.request as JobRequestInput;
    const resolved = JobRequestSchema.parse(request);
    const { boundary, acceleration, start } = resolved.algorithm;
    assertEquals([held, `${boundary} ${acceleration} ${start}`], [shown, shown]);
    assertEquals<unknown>(request.algorithm, asked);
    // A form that is filled with a job asks for the same again.
    const again = createJobForm();
    fillForm(again, resolved);
    assertEquals(again.checked.value.request, request);
  });
}
