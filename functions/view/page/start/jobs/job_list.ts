/** The list of jobs as it is looked at: one page of those that the filter lets through, asked for again while any of them runs. */
import { effect, type Signal, signal } from "@preact/signals";
import type { JobStatus } from "shared/contract/job_status.ts";
import { asCallError, type CallError } from "../service/call_error.ts";
import type { JobQueryFields, Service } from "../service/service.ts";

/** Pause between two looks while a job of the page is under way, and while the service is away, milliseconds. */
const LIVE_PAUSE = 3000;

/** Pause between two looks otherwise: others may start jobs. */
const QUIET_PAUSE = 15_000;

/** Pause after the filter has changed. */
const FILTER_PAUSE = 300;

/** Empty answers that are passed over before somebody is asked to go on. */
const MAX_EMPTY = 20;

/** The list. */
export interface JobListState {
  /** State that jobs are to have; empty for all. */
  readonly wanted: Signal<string>;
  /** Address or path that outputs are or lie below; empty for all. */
  readonly output: Signal<string>;
  /** Who submitted them; empty for everybody whose jobs one sees. */
  readonly owner: Signal<string>;
  /** First and last day, as `2026-01-05`; empty without a limit. */
  readonly from: Signal<string>;
  readonly to: Signal<string>;
  /** Cursors of the pages up to the one that is shown; the first page has none. */
  readonly cursors: Signal<readonly string[]>;
  /** Undefined until they are known. */
  readonly jobs: Signal<readonly JobStatus[] | undefined>;
  /** Cursor of the next page; empty on the last. */
  readonly next: Signal<string>;
  readonly failure: Signal<CallError | undefined>;
}

export function createJobList(): JobListState {
  return {
    wanted: signal(""),
    output: signal(""),
    owner: signal(""),
    from: signal(""),
    to: signal(""),
    cursors: signal<readonly string[]>([]),
    jobs: signal<readonly JobStatus[] | undefined>(undefined),
    next: signal(""),
    failure: signal<CallError | undefined>(undefined),
  };
}

/** True for a job that has not ended. */
export function isLive({ state }: JobStatus): boolean {
  return state === "queued" || state === "running";
}

/** Keeps the list current until it is stopped. */
export function followList(list: JobListState, service: Service): () => void {
  return effect(() => {
    const query = queryOf(list);
    void service.key.value;
    const stop = new AbortController();
    let timer = setTimeout(look, list.jobs.peek() === undefined ? 0 : FILTER_PAUSE);
    async function look() {
      // A page that nobody sees asks for nothing.
      if (!document.hidden) await load(list, service, query, stop.signal);
      if (stop.signal.aborted) return;
      const isBusy = list.failure.peek() !== undefined || (list.jobs.peek() ?? []).some(isLive);
      timer = setTimeout(look, isBusy ? LIVE_PAUSE : QUIET_PAUSE);
    }
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  });
}

/** What the list asks the service for; empty texts do not restrict. */
function queryOf({ wanted, output, owner, from, to, cursors }: JobListState): JobQueryFields {
  return {
    state: wanted.value,
    output: output.value.trim(),
    owner: owner.value.trim(),
    createdAfter: from.value === "" ? "" : startOf(from.value, 0),
    createdBefore: to.value === "" ? "" : startOf(to.value, 1),
    cursor: cursors.value.at(-1) ?? "",
  };
}

/** When a day begins by the reader's own clock, some days on. */
function startOf(day: string, daysOn: number): string {
  const [year, month, date] = day.split("-").map(Number) as [number, number, number];
  return new Date(year, month - 1, date + daysOn).toISOString();
}

async function load(
  list: JobListState,
  service: Service,
  query: JobQueryFields,
  signal: AbortSignal,
): Promise<void> {
  try {
    let { jobs, next = "" } = await service.jobs(query, signal);
    for (let empty = 0; jobs.length === 0 && next !== "" && empty < MAX_EMPTY; empty++) {
      ({ jobs, next = "" } = await service.jobs({ ...query, cursor: next }, signal));
    }
    if (signal.aborted) return;
    list.jobs.value = jobs;
    list.next.value = next;
    list.failure.value = undefined;
  } catch (thrown) {
    if (!signal.aborted) list.failure.value = asCallError(thrown);
  }
}
