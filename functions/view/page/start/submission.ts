/** Starts what was planned, once: the same request has the same idempotency key until it is accepted. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { JobStatus } from "shared/contract/job_status.ts";
import type { JobFormState } from "./form/job_form_state.ts";
import { type PlanFailure, type Planning, tellFailure } from "./plan/planning.ts";
import { asCallError } from "./service/call_error.ts";
import type { Service } from "./service/service.ts";

/** Bytes of a key; nobody guesses 128 random bits. */
const KEY_BYTES = 16;

/** Where starting a job stands. */
export interface Submission {
  /** True where the plan on the screen is that of the form. */
  readonly isReady: ReadonlySignal<boolean>;
  readonly isSending: ReadonlySignal<boolean>;
  readonly failure: ReadonlySignal<PlanFailure | undefined>;
  /** Starts the job; nothing where it cannot be, or is being, started. */
  submit(): Promise<void>;
}

interface SubmissionParts {
  readonly form: JobFormState;
  readonly planning: Planning;
  readonly service: Service;
  readonly accepted: (jobs: readonly JobStatus[], output: string) => void;
}

export function createSubmission({ form, planning, service, accepted }: SubmissionParts): Submission {
  const isSending = signal(false);
  /** What could not be started, and why. */
  const refused = signal<{ readonly body: string; readonly failure: PlanFailure } | undefined>(undefined);
  const body = computed(() => JSON.stringify(form.checked.value.request));
  const failure = computed(() => refused.value?.body === body.value ? refused.value?.failure : undefined);
  const isReady = computed(() =>
    !isSending.value && planning.state.value === "planned" && planning.planned.value === body.value
  );
  let key = { body: "", text: "" };
  return {
    isReady,
    isSending,
    failure,
    async submit() {
      const { request } = form.checked.value;
      if (!isReady.value || request === undefined) return;
      if (key.body !== body.value) key = { body: body.value, text: randomKey() };
      isSending.value = true;
      try {
        const jobs = await service.submit(request, key.text);
        key = { body: "", text: "" };
        accepted(jobs, request.output.url);
      } catch (thrown) {
        refused.value = { body: body.value, failure: tellFailure(form, asCallError(thrown)) };
      } finally {
        isSending.value = false;
      }
    },
  };
}

/** `crypto.randomUUID` is there on https and on one's own machine alone. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
