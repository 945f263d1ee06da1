/**
 * `deno task conformance`: examines our backends and the other implementations that this machine has, prints a table, and
 * exits with 1 if one of ours fails a property.
 *
 * usage: deno task conformance [--json] [--markdown FILE] [--backend cpu,webgpu] [--python /usr/bin/python3]
 */
import { chooseBackend, createDeconvolver } from "kernels/backend.ts";
import { isClearstackError } from "shared/errors.ts";
import { writePage } from "../write_page.ts";
import { readFlags } from "../read_flags.ts";
import { examine, PROPERTIES } from "./examine.ts";
import { ownSubject } from "./own_subject.ts";
import { PEERS, startPeer } from "./peer_subject.ts";
import { jsonReport, markdownPage, ownFailures, plainTable, type Row } from "./report.ts";
import type { Subject } from "./subject.ts";

/** Our backends that this machine can run; a software adapter will do. */
async function ownSubjects(names: readonly string[]): Promise<Subject[]> {
  const subjects: Subject[] = [];
  for (const backend of ["cpu", "webgpu"] as const) {
    if (!names.includes(backend)) continue;
    try {
      const { adapter } = await chooseBackend(backend);
      subjects.push(ownSubject(backend, adapter, (options) => createDeconvolver(backend, options)));
    } catch (error) {
      if (!isClearstackError(error, "no-device")) throw error;
      console.error(`webgpu is left out: ${error.message}`);
    }
  }
  return subjects;
}

async function peerSubjects(python: string): Promise<Subject[]> {
  const subjects: Subject[] = [];
  for (const peer of PEERS) {
    const subject = await startPeer(peer, python);
    if (subject) subjects.push(subject);
    else console.error(`${peer.name} is left out: ${python} does not have its packages`);
  }
  return subjects;
}

async function main(): Promise<number> {
  const options = readFlags({ json: false, markdown: undefined, backend: "cpu,webgpu", python: "/usr/bin/python3" });
  const subjects = [...await ownSubjects(options.backend.split(",")), ...await peerSubjects(options.python)];
  const rows: Row[] = [];
  try {
    for (const property of PROPERTIES) {
      const verdicts = [];
      for (const subject of subjects) verdicts.push(await examine(property, subject));
      rows.push({ property, verdicts });
    }
  } finally {
    for (const subject of subjects) await subject.close();
  }
  console.log(options.json ? jsonReport(subjects, rows) : plainTable(subjects, rows));
  if (options.markdown) await writePage(options.markdown, markdownPage(subjects, rows));
  const failures = ownFailures(subjects, rows);
  for (const failure of failures) console.error(`FAIL ${failure}`);
  return failures.length > 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main());
