import { assertEquals, assertRejects } from "@std/assert";
import { newJobId } from "functions/orchestrate/jobs/job_id.ts";
import { JobStore } from "functions/orchestrate/jobs/job_store.ts";
import { OutputPlaces } from "functions/orchestrate/jobs/output_places.ts";
import { JobRequestSchema } from "shared/contract/job_request.ts";
import { ClearstackError } from "shared/errors.ts";
import { openStore } from "../../../stores.ts";

let stores = 0;
const freshStore = () => new JobStore(openStore(`memory:output-places-${++stores}`));
const folder = "memory:outputs";
const wish = (id: string, place: string) => ({ id, place, url: place, signal: undefined });

function newIds(): readonly [string, string] {
  const now = Date.now();
  return [newJobId(new Date(now - 5)), newJobId(new Date(now))];
}

async function createJob(store: JobStore, id: string): Promise<string> {
  const request = JobRequestSchema.parse({
    source: { url: "memory:a" },
    psf: { url: "memory:p" },
    output: { url: folder },
  });
  const created = new Date().toISOString();
  await store.create({
    status: {
      ...{ id, state: "queued", sequence: 1, created, updated: created, request, deviceSeconds: 0 },
      ...{ tiles: 1, tilesDone: 0, tilesResumed: 0 },
    },
    request,
    begun: false,
  });
  return id;
}

for (const order of ["earlier", "later"] as const) {
  for (const together of [true, false]) {
    const where = together ? "of one process" : "of two processes";
    const store = freshStore();
    const first = new OutputPlaces(store, { alone: together });
    const second = together ? first : new OutputPlaces(store, { alone: false });
    /** A begin that stands still until it is let go, and another that asks for a place inside of its. */
    const meet = async (outcome: (id: string) => Promise<string>) => {
      const ids = newIds();
      const [here, there] = order === "earlier" ? ids : ids.toReversed() as [string, string];
      const [begun, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const other = first.take(wish(here, folder), async () => {
        begun.resolve();
        await held.promise;
        return await outcome(here);
      });
      other.catch(() => {});
      await begun.promise;
      const mine = second.take(wish(there, `${folder}/inside`), () => createJob(store, there));
      mine.catch(() => {});
      held.resolve();
      const settled = await Promise.allSettled([other, mine]);
      return { here, there, mine, statuses: settled.map(({ status }) => status) };
    };

    Deno.test(`a submission that is refused keeps nobody from its place, the ${order} ${where}`, async () => {
      const refusal = () => Promise.reject(new ClearstackError("forbidden", "the output of somebody else"));
      const { there, statuses } = await meet(refusal);
      assertEquals(statuses, ["rejected", "fulfilled"]);
      assertEquals(await store.liveIds(), [there]);
      await store.release(there);
    });

    Deno.test(`a submission that becomes a job keeps its place from others, the ${order} ${where}`, async () => {
      const { here, mine, statuses } = await meet((id) => createJob(store, id));
      assertEquals(statuses, ["fulfilled", "rejected"]);
      assertEquals((await assertRejects(() => mine, ClearstackError, "another job is writing")).kind, "in-use");
      assertEquals(await store.liveIds(), [here]);
    });
  }
}

Deno.test("waiting for a place ends with whoever waits", async () => {
  const places = new OutputPlaces(freshStore(), { alone: true });
  const [one, two] = newIds();
  const held = Promise.withResolvers<void>();
  const other = places.take(wish(one, folder), () => held.promise);
  const stop = new AbortController();
  const waiting = places.take({ ...wish(two, folder), signal: stop.signal }, () => Promise.resolve());
  waiting.catch(() => {});
  stop.abort();
  assertEquals((await assertRejects(() => waiting, ClearstackError)).kind, "cancelled");
  held.resolve();
  await other;
});
