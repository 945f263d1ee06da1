/** The plan of what the form holds, what is probably wrong, and the button that starts it. */
import type { Plan } from "shared/contract/plan.ts";
import type { Warning } from "shared/contract/problem.ts";
import { FactList } from "../../panels/fact_list.tsx";
import { inWords } from "../form/field_words.ts";
import type { JobFormState } from "../form/job_form_state.ts";
import type { Submission } from "../submission.ts";
import { estimateFacts, planFacts } from "./plan_facts.ts";
import type { Planning } from "./planning.ts";

interface PlanPanelProps {
  readonly form: JobFormState;
  readonly planning: Planning;
  readonly submission: Submission;
}

/** The panel. */
export function PlanPanel({ form, planning, submission }: PlanPanelProps) {
  const plan = planning.plan.value;
  const failure = submission.failure.value ?? planning.failure.value;
  return (
    <>
      <div role="alert">
        {failure !== undefined && (
          <div class="notice">
            <p>
              <strong>This cannot be started.</strong> {failure.problem}
            </p>
            {failure.mend !== "" && <p>{failure.mend}</p>}
          </div>
        )}
      </div>
      <section class="panel" aria-labelledby="plan-title" aria-busy={planning.state.value === "planning"}>
        <h3 id="plan-title">Plan</h3>
        <p class="note" role="status">{stateWords(form, planning)}</p>
        {plan !== undefined && <PlanFacts plan={plan} />}
      </section>
      <p class="start">
        <button type="submit" class="main" disabled={!submission.isReady.value}>
          {submission.isSending.value ? "Starting" : buttonWords(plan)}
        </button>
      </p>
    </>
  );
}

function PlanFacts({ plan }: { readonly plan: Plan }) {
  return (
    <>
      <FactList facts={estimateFacts(plan)} />
      <Warnings warnings={plan.warnings} />
      <FactList facts={planFacts(plan)} />
    </>
  );
}

/** Warnings, the grave ones first. */
export function Warnings({ warnings }: { readonly warnings: readonly Warning[] }) {
  if (warnings.length === 0) return null;
  const sorted = warnings.toSorted((a, b) => Number(a.level === "note") - Number(b.level === "note"));
  return (
    <ul class="warnings" aria-label="Warnings">
      {sorted.map(({ code, level, message }) => (
        <li key={`${code} ${message}`} class={level}>
          <strong>{level === "warning" ? "Probably wrong:" : "Note:"}</strong> {inWords(message)}
        </li>
      ))}
    </ul>
  );
}

function buttonWords(plan: Plan | undefined): string {
  const grave = plan?.warnings.filter(({ level }) => level === "warning").length ?? 0;
  return grave === 0 ? "Start the job" : `Start in spite of ${grave === 1 ? "the warning" : `${grave} warnings`}`;
}

function stateWords({ checked, refused, texts }: JobFormState, { state }: Planning): string {
  if (state.value === "planning") return "Planning";
  if (state.value === "planned") return "This is what the job would do. Nothing has been started.";
  if (state.value === "failed") return "There is no plan of this.";
  const wrong = Object.keys({ ...checked.value.faults, ...refused.value }).length;
  return (texts.value["source.url"] ?? "") === ""
    ? "Name an image, and its plan stands here."
    : `${wrong === 1 ? "One field needs" : `${wrong} fields need`} another value before this can be planned.`;
}
