/** One job: how far it is, what it has come to, and what can be done with it. */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { JobStatus } from "shared/contract/job_status.ts";
import { FactList } from "../../panels/fact_list.tsx";
import { ErrorNotice } from "../error_notice.tsx";
import { fillForm } from "../form/job_form_state.ts";
import { inWords } from "../form/field_words.ts";
import { Warnings } from "../plan/plan_panel.tsx";
import { asCallError, type CallError } from "../service/call_error.ts";
import { announce, type Start } from "../start.ts";
import { viewerLink } from "../viewer_link.ts";
import { followJob } from "./follow_job.ts";
import { isLive } from "./job_list.ts";
import { jobFacts, progressWords, shortName, STATE_WORDS } from "./job_words.ts";

interface JobPageProps {
  readonly start: Start;
  readonly id: string;
}

/** The page. */
export function JobPage({ start, id }: JobPageProps) {
  const key = start.service.key.value;
  const job = useMemo(() => followJob(id, start.service), [id, key]);
  useEffect(() => () => job.stop(), [job]);
  const status = job.status.value;
  const state = status?.state;
  useEffect(() => {
    if (state !== undefined) announce(start, `The job is ${STATE_WORDS[state].toLowerCase()}`);
  }, [state]);
  return (
    <section class="job" aria-labelledby="page-title">
      <p>
        <a href="#jobs">All jobs</a>
      </p>
      <h2 id="page-title" tabIndex={-1}>{status === undefined ? `Job ${id}` : shortName(status.request.output.url)}</h2>
      <ErrorNotice error={job.failure.value} about="There is no news of this job." />
      {status !== undefined && <JobParts start={start} status={status} message={job.message.value} />}
    </section>
  );
}

interface JobPartsProps {
  readonly start: Start;
  readonly status: JobStatus;
  readonly message: string;
}

function JobParts({ start, status, message }: JobPartsProps) {
  const { state, tiles, tilesDone, error } = status;
  return (
    <>
      <section class="panel" aria-labelledby="progress-title">
        <header>
          <h3 id="progress-title">Progress</h3>
          <span class={`state ${state}`}>{STATE_WORDS[state]}</span>
        </header>
        <progress max={Math.max(1, tiles)} value={tilesDone} aria-label="Tiles that are done" />
        <p class="note">{progressWords(status)}{message !== "" && `; ${message}`}</p>
        {state === "failed" && error !== undefined && <Failure error={error} />}
        <Actions start={start} status={status} />
      </section>
      <section class="panel" aria-labelledby="facts-title">
        <h3 id="facts-title">Job</h3>
        <Warnings warnings={status.result?.warnings ?? status.warnings ?? []} />
        <FactList facts={jobFacts(status)} />
      </section>
    </>
  );
}

/** Why a job failed, with its mend. */
function Failure({ error }: { readonly error: NonNullable<JobStatus["error"]> }) {
  return (
    <div class="notice" role="alert">
      <p>
        <strong>It failed.</strong> {inWords(error.message)}
      </p>
      <p>
        {FAILURE_MENDS[error.kind] ?? "Change the settings that this names, and run it again: finished tiles are kept."}
      </p>
    </div>
  );
}

/** What to do by kind of error, where the message alone does not say it. */
const FAILURE_MENDS: Readonly<Record<string, string>> = {
  "internal": "Run it again. If this comes back, tell whoever runs the service, with the id below.",
  "corrupt-data": "Mend the image, or name another one, and run it again.",
  "device-lost": "Run it again: finished tiles are kept.",
  "device-memory": "Run it again with a smaller tile: finished tiles of the same plan are kept.",
  "store-unavailable": "Run it again once the store can be reached: finished tiles are kept.",
  "forbidden": "Give the service the right to read the image and to write the output, and run it again.",
  "conflict": "Choose another output, or say what is to be done if the output exists.",
  "no-device": "Start an instance that computes, or choose another backend.",
};

function Actions({ start, status }: { readonly start: Start; readonly status: JobStatus }) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<CallError | undefined>(undefined);
  const act = async (action: () => Promise<unknown>) => {
    setBusy(true);
    setError(undefined);
    await action().catch((thrown) => setError(asCallError(thrown)));
    setBusy(false);
  };
  const look = async () => location.assign(await viewerLink(start.service, status));
  const again = () => {
    fillForm(start.form, status.request);
    location.hash = "#new";
  };
  return (
    <>
      <p class="actions">
        {(status.state === "running" || status.tilesDone > 0) && (
          <button
            type="button"
            class={status.state === "done" ? "main" : ""}
            disabled={isBusy}
            onClick={() => void act(look)}
          >
            {status.state === "done" ? "Look at the result" : "Look at what is there"}
          </button>
        )}
        {isLive(status) && (
          <button
            type="button"
            disabled={isBusy}
            onClick={() => void act(() => start.service.cancel(status.id))}
          >
            Cancel the job
          </button>
        )}
        <button type="button" onClick={again}>Use these settings again</button>
      </p>
      <ErrorNotice error={error} about="That did not work." />
    </>
  );
}
