/** Plans what the form holds, shortly after it has changed; the last change wins. */
import { batch, effect, type Signal, signal } from "@preact/signals";
import { type JobRequestInput, JobRequestSchema } from "shared/contract/job_request.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { ShownImage } from "shared/contract/views/shown_image.ts";
import { seriesRequests } from "shared/image/series_requests.ts";
import { inWords } from "../form/field_words.ts";
import { fieldAt, type JobFormState } from "../form/job_form_state.ts";
import { asCallError, type CallError, mendOf } from "../service/call_error.ts";
import { formOptics } from "../psf/form_optics.ts";
import type { Service } from "../service/service.ts";
import type { NamedImage } from "../source/source.ts";

/** Pause after the last change, milliseconds. */
const PAUSE = 500;

/** Pause before a service that is away is asked again, milliseconds. */
const AWAY_PAUSE = 3000;

/** An error for a reader. */
export interface PlanFailure {
  readonly problem: string;
  readonly mend: string;
}

/** Where planning stands. */
export interface Planning {
  readonly state: Signal<"idle" | "planning" | "planned" | "failed">;
  /** The plan of the request below; the one before, while another is made. */
  readonly plan: Signal<Plan | undefined>;
  /** What was planned, as text. */
  readonly planned: Signal<string>;
  readonly failure: Signal<PlanFailure | undefined>;
}

interface PlanningParts {
  readonly form: JobFormState;
  readonly service: Service;
  /** The image that the form names. */
  readonly source: NamedImage;
}

/** Follows a form. */
export function followForm({ form, service, source }: PlanningParts): Planning {
  const planning: Planning = {
    state: signal<"idle" | "planning" | "planned" | "failed">("idle"),
    plan: signal<Plan | undefined>(undefined),
    planned: signal(""),
    failure: signal<PlanFailure | undefined>(undefined),
  };
  effect(() => {
    const { request } = form.checked.value;
    const { shown, failure } = source.answer.value ?? {};
    void service.key.value;
    planning.failure.value = failure && tellFailure(form, failure, "source.url");
    const { missing = {} } = request && shown ? formOptics(request, shown.image) : {};
    const isMissing = Object.keys(missing).length > 0;
    if (isMissing) form.refused.value = missing;
    if (request === undefined || failure !== undefined || isMissing) {
      planning.state.value = failure === undefined ? "idle" : "failed";
      planning.plan.value = undefined;
      return undefined;
    }
    planning.state.value = "planning";
    if (shown === undefined) return undefined;
    const stop = new AbortController();
    const ask = () => void plan({ form, service, planning }, request, { shown, signal: stop.signal, again });
    let timer = setTimeout(ask, PAUSE);
    const again = () => {
      timer = setTimeout(ask, AWAY_PAUSE);
    };
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  });
  return planning;
}

interface Asked {
  readonly shown: ShownImage;
  readonly signal: AbortSignal;
  /** Asks again later. */
  readonly again: () => void;
}

async function plan(
  { form, service, planning }: { readonly form: JobFormState; readonly service: Service; readonly planning: Planning },
  request: JobRequestInput,
  { shown, signal, again }: Asked,
): Promise<void> {
  try {
    const plan = await service.plan(ofOneImage(request, shown), signal);
    if (signal.aborted) return;
    batch(() => {
      planning.plan.value = plan;
      planning.planned.value = JSON.stringify(request);
      planning.failure.value = undefined;
      planning.state.value = "planned";
    });
  } catch (thrown) {
    if (signal.aborted) return;
    const error = asCallError(thrown);
    batch(() => {
      planning.plan.value = undefined;
      planning.state.value = "failed";
      planning.failure.value = tellFailure(form, error);
    });
    if (error.status === 0) again();
  }
}

/** Where all images of a source are taken, the request of the first: only one is planned at a time. */
function ofOneImage(request: JobRequestInput, { paths }: ShownImage): JobRequestInput {
  if (request.source.series === undefined) return request;
  return seriesRequests(JobRequestSchema.parse(request), paths)[0]!;
}

/**
 * Puts what is wrong beside the field that it is about, and says it in full.
 *
 * @param otherwise field that it is about where the error does not say
 */
export function tellFailure(form: JobFormState, error: CallError, otherwise?: string): PlanFailure {
  const problem = inWords(error.message);
  const at = error.path === undefined ? otherwise : fieldAt(error.path) ?? otherwise ?? fieldWithText(form, error.path);
  if (at !== undefined) form.refused.value = { [at]: problem };
  return { problem, mend: mendOf(error) };
}

/** The field that holds the address of what could not be read. */
function fieldWithText({ texts }: JobFormState, url: string): string | undefined {
  return ["source.url", "psf.url", "output.url"].find((path) => {
    const text = texts.value[path]?.trim() ?? "";
    return text !== "" && (url.startsWith(text) || url.endsWith(text));
  });
}
