import { assert, assertEquals, assertRejects } from "@std/assert";
import type { InboxEntry } from "functions/api/events/event_inbox.ts";
import { EventInbox } from "functions/api/events/event_inbox.ts";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Store } from "shared/storage/store.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import { openStore } from "../../../stores.ts";

const RECEIVED = new Date().toISOString();

function entry(digit: number): InboxEntry {
  return {
    key: digit.toString(16).padStart(64, "0"),
    upload: { provider: "s3", bucket: "uploads", key: `${digit}.tif`, version: "1", id: "" },
    owner: "events",
    quotas: {},
    rule: "rule 1",
    request: JobRequestSchema.parse({ source: { url: "/a" }, psf: { url: "/b" }, output: { url: `/${digit}` } }),
    received: RECEIVED,
  };
}

const keys = (store: Store) => Array.fromAsync(store.list(""));

function open(
  store: Store,
  submit: (entry: InboxEntry) => Promise<unknown>,
  capacity = 1000,
  submitMs = 600_000,
) {
  const lines: string[] = [];
  const inbox = new EventInbox({ store, submit, capacity, submitMs, retryMs: 1, log: (line) => lines.push(line) });
  return { inbox, lines };
}

Deno.test("an accepted event is in the store until the runner has its job", async () => {
  const store = openStore(memoryUrl());
  const submitting = Promise.withResolvers<void>();
  const { inbox } = open(store, () => submitting.promise);
  await inbox.accept(entry(1));
  assertEquals(await keys(store), [`events/waiting/${entry(1).key}.json`]);
  submitting.resolve();
  await inbox.idle();
  assertEquals(await keys(store), []);
});

Deno.test("what a process that died had accepted is taken up by the next one, once", async () => {
  const store = openStore(memoryUrl());
  const dead = open(store, () => new Promise(() => {})).inbox;
  for (const digit of [1, 2, 3, 4]) await dead.accept(entry(digit));
  dead.close();
  const submitted: InboxEntry[] = [];
  const { inbox } = open(store, (one) => Promise.resolve(submitted.push(one)));
  await inbox.sweep();
  await inbox.idle();
  assertEquals(submitted.toSorted((a, b) => a.key.localeCompare(b.key)), [1, 2, 3, 4].map(entry));
  assertEquals(await keys(store), []);
});

Deno.test("an event that waits already is not taken a second time", async () => {
  const submitting = Promise.withResolvers<void>();
  let submissions = 0;
  const { inbox } = open(openStore(memoryUrl()), () => (submissions++, submitting.promise));
  await Promise.all([inbox.accept(entry(1)), inbox.accept(entry(1)), inbox.accept(entry(1))]);
  submitting.resolve();
  await inbox.idle();
  assertEquals(submissions, 1);
});

Deno.test("a failure of the moment is tried again until it succeeds", async () => {
  const store = openStore(memoryUrl());
  const failures = ["store-unavailable", "device-lost", "too-many", "no-device"] as const;
  let attempts = 0;
  const { inbox, lines } = open(store, () => {
    const kind = failures[attempts++];
    return kind === undefined ? Promise.resolve() : Promise.reject(new ClearstackError(kind, "later"));
  });
  await inbox.accept(entry(1));
  await inbox.idle();
  assertEquals([attempts, lines.length, await keys(store)], [5, 4, []]);
});

Deno.test("a job that cannot be is kept with its reason, and the log says so", async () => {
  const store = openStore(memoryUrl());
  let broken = true;
  const { inbox, lines } = open(
    store,
    () => broken ? Promise.reject(new ClearstackError("not-found", "no PSF")) : Promise.resolve(),
  );
  await inbox.accept(entry(1));
  await inbox.idle();
  const key = `events/failed/${entry(1).key}.json`;
  assertEquals(await keys(store), [key]);
  const kept = JSON.parse(new TextDecoder().decode(await store.get(key)));
  assertEquals(kept, { ...entry(1), error: { kind: "not-found", message: "no PSF" } });
  assert(lines[0]?.includes("s3://uploads/1.tif (rule 1) started no job: no PSF"), lines[0]);
  broken = false;
  await inbox.accept(entry(1));
  await inbox.idle();
  assertEquals(await keys(store), []);
});

Deno.test("an inbox that is full takes no more, and what it took is not lost", async () => {
  const store = openStore(memoryUrl());
  const submitting = Promise.withResolvers<void>();
  const { inbox } = open(store, () => submitting.promise, 2);
  await inbox.accept(entry(1));
  await inbox.accept(entry(2));
  const error = await assertRejects(() => inbox.accept(entry(3)), ClearstackError);
  assertEquals([error.kind, error.retryable, (await keys(store)).length], ["too-many", true, 2]);
  await inbox.accept(entry(2));
  submitting.resolve();
  await inbox.idle();
  await inbox.accept(entry(3));
  await inbox.idle();
});

Deno.test("an event that cannot be stored is not accepted, for none of its senders", async () => {
  const store = openStore(memoryUrl());
  const refusing: Store = { ...store, put: () => Promise.reject(new ClearstackError("store-unavailable", "full")) };
  const { inbox } = open(refusing, () => Promise.reject(new Error("never submitted")));
  const outcomes = await Promise.allSettled([inbox.accept(entry(1)), inbox.accept(entry(1))]);
  assertEquals(outcomes.map(({ status }) => status), ["rejected", "rejected"]);
  await inbox.idle();
});

Deno.test("an entry that cannot be read stays, and keeps no other from being taken up", async () => {
  const store = openStore(memoryUrl());
  await store.put("events/waiting/broken.json", new TextEncoder().encode("{"));
  await store.put(`events/waiting/${entry(1).key}.json`, new TextEncoder().encode(JSON.stringify(entry(1))));
  let submissions = 0;
  const { inbox, lines } = open(store, () => Promise.resolve(submissions++));
  await inbox.sweep();
  await inbox.idle();
  assertEquals([submissions, await keys(store), lines.length], [1, ["events/waiting/broken.json"], 1]);
});

const read = async (store: Store, key: string) => JSON.parse(new TextDecoder().decode(await store.get(key)));

Deno.test("an event that takes its process with it is handed over three times more, and then kept with the reason", async () => {
  const store = openStore(memoryUrl());
  const first = open(store, () => new Promise(() => {})).inbox;
  await first.accept(entry(1));
  first.close();
  const waiting = `events/waiting/${entry(1).key}.json`;
  let submissions = 0;
  for (const attempts of [1, 2, 3]) {
    const begun = Promise.withResolvers<void>();
    // Dies in the middle of it: nothing after this is done.
    const dying = open(store, () => (submissions++, begun.resolve(), new Promise(() => {}))).inbox;
    await dying.sweep();
    await begun.promise;
    dying.close();
    assertEquals((await read(store, waiting)).attempts, attempts);
  }
  const { inbox, lines } = open(store, () => Promise.resolve(submissions++));
  await inbox.sweep();
  await inbox.idle();
  const failed = `events/failed/${entry(1).key}.json`;
  assertEquals([submissions, await keys(store)], [3, [failed]]);
  const message = "3 processes ended while they handed it over";
  assertEquals((await read(store, failed)).error, { kind: "conflict", message });
  assert(lines[0]?.includes(message), lines[0]);
});

Deno.test("an inherited event that fails for the moment only is not counted against", async () => {
  const store = openStore(memoryUrl());
  const first = open(store, () => new Promise(() => {})).inbox;
  await first.accept(entry(1));
  first.close();
  let attempts = 0;
  const { inbox } = open(
    store,
    () => attempts++ < 6 ? Promise.reject(new ClearstackError("store-unavailable", "later")) : Promise.resolve(),
  );
  await inbox.sweep();
  await inbox.idle();
  assertEquals([attempts, await keys(store)], [7, []]);
});

Deno.test("a hand-over without end is given up, and the next event is handed over", async () => {
  const store = openStore(memoryUrl());
  const { inbox } = open(store, ({ key }) => key === entry(3).key ? Promise.resolve() : new Promise(() => {}), 1000, 5);
  for (const digit of [1, 2, 3]) await inbox.accept(entry(digit));
  await inbox.idle();
  assertEquals((await keys(store)).sort(), [1, 2].map((digit) => `events/failed/${entry(digit).key}.json`));
  assert((await read(store, `events/failed/${entry(1).key}.json`)).error.message.includes("within 0.005 s"));
});

Deno.test("what has failed for the moment for a week is kept with its reason", async () => {
  const store = openStore(memoryUrl());
  const { inbox } = open(store, () => Promise.reject(new ClearstackError("store-unavailable", "gone")));
  await inbox.accept({ ...entry(1), received: new Date(Date.now() - 8 * 24 * 3_600_000).toISOString() });
  await inbox.idle();
  assertEquals(await keys(store), [`events/failed/${entry(1).key}.json`]);
});
