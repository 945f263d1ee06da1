/** The start page as a whole. */
import { useEffect } from "preact/hooks";
import { JobForm } from "./form/job_form.tsx";
import { JobPage } from "./jobs/job_page.tsx";
import { JobsPage } from "./jobs/jobs_page.tsx";
import { KeyForm } from "./key_form.tsx";
import { PlanPanel } from "./plan/plan_panel.tsx";
import type { Start } from "./start.ts";

/** Links at the top, by what they lead to. */
const LINKS = [["#new", "New job"], ["#jobs", "Jobs"], ["./?image=", "Viewer"]] as const;

/** The page. */
export function App({ start }: { readonly start: Start }) {
  const { service, place } = start;
  const { page } = place.value;
  const id = place.value.page === "job" ? place.value.id : "";
  useEffect(() => {
    // Whoever follows a link by the keyboard goes on from what it leads to; at first, from the top.
    if (location.hash !== "") document.querySelector<HTMLElement>("#page-title")?.focus();
  }, [page, id]);
  const current = page === "new" ? "#new" : "#jobs";
  return (
    <>
      <header class="top">
        <h1>Clearstack</h1>
        <nav aria-label="Pages">
          {LINKS.map(([href, words]) => (
            <a key={href} href={href} {...(href === current ? { "aria-current": "page" } : {})}>{words}</a>
          ))}
        </nav>
        {service.key.value !== "" && <button type="button" onClick={() => service.useKey("")}>Forget the key</button>}
      </header>
      <div role="status">
        {service.isAway.value && <p class="away">The service does not answer. It is asked again by itself.</p>}
      </div>
      <KeyForm service={service} />
      <main class="start">
        {page === "new"
          ? <NewJob start={start} />
          : page === "jobs"
          ? <JobsPage start={start} />
          : <JobPage start={start} id={id} />}
      </main>
      <p class="hidden" role="status" aria-live="polite">{start.announcement.value}</p>
    </>
  );
}

function NewJob({ start }: { readonly start: Start }) {
  const { form, planning, submission } = start;
  return (
    <form
      class="new"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submission.submit();
      }}
    >
      <div class="fields">
        <h2 id="page-title" tabIndex={-1}>New job</h2>
        <JobForm start={start} />
      </div>
      <div class="planned">
        <PlanPanel {...{ form, planning, submission }} />
      </div>
    </form>
  );
}
