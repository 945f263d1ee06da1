/** The list of jobs, newest first, with a filter and page by page. */
import { batch, type Signal } from "@preact/signals";
import type { TargetedEvent } from "preact";
import { useEffect } from "preact/hooks";
import { JobStateSchema, type JobStatus } from "shared/contract/job_status.ts";
import { ErrorNotice } from "../error_notice.tsx";
import type { Start } from "../start.ts";
import { followList, isLive, type JobListState } from "./job_list.ts";
import { progressWords, shortName, STATE_WORDS, timeWords } from "./job_words.ts";

/** The page. */
export function JobsPage({ start }: { readonly start: Start }) {
  const { list, service } = start;
  useEffect(() => followList(list, service), []);
  const jobs = list.jobs.value;
  return (
    <section class="jobs" aria-labelledby="page-title">
      <h2 id="page-title" tabIndex={-1}>Jobs</h2>
      <Filter list={list} />
      <ErrorNotice error={list.failure.value} about="The list cannot be read." />
      {jobs === undefined
        ? list.failure.value === undefined && <p class="note">Loading</p>
        : jobs.length === 0
        ? <p class="note">{emptyWords(list)}</p>
        : <JobTable jobs={jobs} />}
      <Pages list={list} />
    </section>
  );
}

function Filter({ list }: { readonly list: JobListState }) {
  const change = (filter: Signal<string>, value: string) => {
    batch(() => {
      list.cursors.value = [];
      filter.value = value;
    });
  };
  return (
    <search class="filter">
      <div class="field">
        <label for="filter-state">State</label>
        <select id="filter-state" onChange={({ currentTarget }) => change(list.wanted, currentTarget.value)}>
          <option value="">All</option>
          {JobStateSchema.options.map((state) => (
            <option key={state} value={state} selected={state === list.wanted.value}>{STATE_WORDS[state]}</option>
          ))}
        </select>
      </div>
      <TextFilter label="Output at or below" filter={list.output} change={change} placeholder="s3://bucket/results/" />
      <TextFilter label="Started from" filter={list.from} change={change} input="date" />
      <TextFilter label="To" filter={list.to} change={change} input="date" />
      {(list.owner.value !== "" || list.jobs.value?.some(({ owner }) => owner !== undefined)) && (
        <TextFilter label="Owner" filter={list.owner} change={change} />
      )}
    </search>
  );
}

interface TextFilterProps {
  readonly label: string;
  readonly filter: Signal<string>;
  readonly change: (filter: Signal<string>, value: string) => void;
  /** @default {"text"} */
  readonly input?: "text" | "date";
  readonly placeholder?: string;
}

function TextFilter({ label, filter, change, input = "text", placeholder }: TextFilterProps) {
  const id = `filter-${label.toLowerCase().replaceAll(" ", "-")}`;
  const common = {
    id,
    autocomplete: "off",
    spellcheck: false,
    value: filter.value,
    onInput: ({ currentTarget }: TargetedEvent<HTMLInputElement>) => change(filter, currentTarget.value),
  } as const;
  return (
    <div class={placeholder === undefined ? "field" : "field wide"}>
      <label for={id}>{label}</label>
      {input === "date"
        ? <input type="date" {...common} />
        : <input type="text" {...common} placeholder={placeholder} />}
    </div>
  );
}

function emptyWords({ wanted, output, owner, from, to, next }: JobListState): string {
  if (next.value !== "") return "None so far: older jobs may match.";
  return [wanted, output, owner, from, to].every(({ value }) => value === "")
    ? "There are no jobs yet."
    : "No job matches.";
}

function JobTable({ jobs }: { readonly jobs: readonly JobStatus[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Output</th>
          <th scope="col">State</th>
          <th scope="col">Progress</th>
          <th scope="col">Image</th>
          <th scope="col">Started</th>
        </tr>
      </thead>
      <tbody>
        {jobs.map((job) => <JobRow key={job.id} job={job} />)}
      </tbody>
    </table>
  );
}

function JobRow({ job }: { readonly job: JobStatus }) {
  const { id, state, request: { output, source }, tiles, tilesDone, created, error } = job;
  return (
    <tr>
      <th scope="row">
        <a href={`#jobs/${id}`} title={output.url}>{shortName(output.url)}</a>
      </th>
      <td>
        <span class={`state ${state}`}>{STATE_WORDS[state]}</span>
      </td>
      <td>
        {isLive(job) && <progress max={Math.max(1, tiles)} value={tilesDone} aria-label={`Tiles of ${id}`} />}
        <span class="note">{error?.message ?? progressWords(job)}</span>
      </td>
      <td title={source.url}>{shortName(source.url)}</td>
      <td>{timeWords(created)}</td>
    </tr>
  );
}

function Pages({ list }: { readonly list: JobListState }) {
  const { cursors, next } = list;
  if (cursors.value.length === 0 && next.value === "") return null;
  return (
    <nav class="pages" aria-label="Pages of the list">
      <button
        type="button"
        disabled={cursors.value.length === 0}
        onClick={() => cursors.value = cursors.value.slice(0, -1)}
      >
        Newer
      </button>
      <span class="note">Page {cursors.value.length + 1}</span>
      <button type="button" disabled={next.value === ""} onClick={() => cursors.value = [...cursors.value, next.value]}>
        Older
      </button>
    </nav>
  );
}
