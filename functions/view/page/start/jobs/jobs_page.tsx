/** The list of jobs, newest first, with a filter and page by page. */
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
  const change = (change: () => void) => {
    list.cursors.value = [];
    change();
  };
  return (
    <search class="filter">
      <div class="field">
        <label for="filter-state">State</label>
        <select
          id="filter-state"
          onChange={({ currentTarget }) => change(() => list.wanted.value = currentTarget.value)}
        >
          <option value="">All</option>
          {JobStateSchema.options.map((state) => (
            <option key={state} value={state} selected={state === list.wanted.value}>{STATE_WORDS[state]}</option>
          ))}
        </select>
      </div>
      <div class="field wide">
        <label for="filter-output">Output at or below</label>
        <input
          id="filter-output"
          type="text"
          autocomplete="off"
          spellcheck={false}
          value={list.output.value}
          placeholder="s3://bucket/results/"
          onInput={({ currentTarget }) => change(() => list.output.value = currentTarget.value)}
        />
      </div>
    </search>
  );
}

function emptyWords({ wanted, output, next }: JobListState): string {
  if (next.value !== "") return "None so far: older jobs may match.";
  return wanted.value === "" && output.value === "" ? "There are no jobs yet." : "No job matches.";
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
