/** State of the start page, and what is looked at of it: a new job, the list of jobs, or one job. */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { JobStatus } from "shared/contract/job_status.ts";
import { createJobForm, type JobFormState } from "./form/job_form_state.ts";
import { keepForm } from "./form/keep_form.ts";
import { createJobList, type JobListState } from "./jobs/job_list.ts";
import { followForm, type Planning } from "./plan/planning.ts";
import { Service } from "./service/service.ts";
import { followImage, locationText, type NamedImage } from "./source/source.ts";
import { createSubmission, type Submission } from "./submission.ts";

/** What is looked at. */
type Place = { readonly page: "new" | "jobs" } | { readonly page: "job"; readonly id: string };

/** The state. */
export interface Start {
  readonly service: Service;
  readonly form: JobFormState;
  /** The image that the form names. */
  readonly source: NamedImage;
  /** The PSF that it names, where it names one. */
  readonly psf: NamedImage;
  readonly planning: Planning;
  readonly submission: Submission;
  readonly list: JobListState;
  readonly place: ReadonlySignal<Place>;
  /** Told to those who do not see. */
  readonly announcement: Signal<string>;
}

/** Creates it, and follows the address of the page. */
export function createStart(): Start {
  const hash = signal(location.hash);
  addEventListener("hashchange", () => hash.value = location.hash);
  const service = new Service();
  const form = createJobForm();
  keepForm(form);
  const source = followImage(computed(() => locationText(form.checked.value.draft.source)), service);
  const psf = followImage(computed(() => locationText(form.checked.value.draft.psf)), service);
  const planning = followForm({ form, service, source });
  const list = createJobList();
  const accepted = ([first, ...others]: readonly JobStatus[], output: string) => {
    if (others.length > 0) list.output.value = output;
    location.hash = others.length > 0 ? "#jobs" : `#jobs/${first!.id}`;
  };
  return {
    service,
    form,
    source,
    psf,
    planning,
    submission: createSubmission({ form, planning, service, accepted }),
    list,
    place: computed(() => placeOf(hash.value)),
    announcement: signal(""),
  };
}

/** Ids of jobs as the service makes them. */
const JOB = /^#jobs\/([\w-]{1,64})$/;

function placeOf(hash: string): Place {
  const [, id] = JOB.exec(hash) ?? [];
  if (id !== undefined) return { page: "job", id };
  return { page: hash === "#jobs" ? "jobs" : "new" };
}

/** Tells something once, also to those who do not see it. */
export function announce({ announcement }: Start, words: string): void {
  announcement.value = words;
}
