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
  const [iterations, stop] = [shown("iterations"), shown("stop")];
  return { form, shown: ["boundary", "acceleration", "start"].map(shown).join(" "), rule: `${stop} ${iterations}` };
}

for (
  const [typed, rule, asked] of [
    [{}, "noise ", undefined],
    [{ iterations: "20" }, "fixed 20", { iterations: 20 }],
    [{ iterations: "150" }, "fixed 150", { iterations: 150 }],
    [{ iterations: "" }, "noise ", undefined],
    [{ stop: "fixed" }, "fixed 20", { stop: "fixed" }],
    [{ stop: "noise", iterations: "30" }, "noise 30", { stop: "noise", iterations: 30 }],
    [{ stop: "held-out" }, "held-out 20", { stop: "held-out" }],
    [{ boundary: "periodic" }, "fixed 20", { boundary: "periodic" }],
    [{ boundary: "periodic", iterations: "20" }, "fixed 20", { boundary: "periodic", iterations: 20 }],
  ] as const
) {
  Deno.test(`iterations are shown and asked for as they are run where the form holds ${JSON.stringify(typed)}`, () => {
    const { form, rule: held } = filledForm(typed);
    const request = form.checked.value.request as JobRequestInput;
    assertEquals([held, request.algorithm as unknown], [rule, asked]);
    const resolved = JobRequestSchema.parse(request);
    const again = createJobForm();
    fillForm(again, resolved);
    assertEquals(JobRequestSchema.parse(again.checked.value.request), resolved);
  });
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
