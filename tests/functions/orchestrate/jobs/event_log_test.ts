import { assertEquals } from "@std/assert";
import { EventLog } from "functions/orchestrate/jobs/event_log.ts";
import type { JobStatus } from "shared/contract/job_status.ts";

// The log never looks into a status.
const status = {} as JobStatus;

function logOf(count: number): EventLog {
  const log = new EventLog();
  for (let i = 0; i < count; i++) log.append({ type: "status", status });
  return log;
}

async function sequences(events: AsyncIterable<{ readonly sequence: number }>): Promise<number[]> {
  return (await Array.fromAsync(events)).map(({ sequence }) => sequence);
}

Deno.test("a late reader gets everything, and ends with the log", async () => {
  const log = logOf(3);
  log.end();
  assertEquals(await sequences(log.read()), [1, 2, 3]);
});

Deno.test("a reader that comes back goes on after what it has seen", async () => {
  const log = logOf(5);
  log.end();
  assertEquals(await sequences(log.read({ after: 3 })), [4, 5]);
  assertEquals(await sequences(log.read({ after: 5 })), []);
});

Deno.test("a reader from before a restart gets everything", async () => {
  const log = logOf(2);
  log.end();
  assertEquals(await sequences(log.read({ after: 77 })), [1, 2]);
});

Deno.test("a reader waits for events as they come", async () => {
  const log = logOf(1);
  const read = sequences(log.read());
  for (const type of ["tile", "retry"] as const) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    log.append({ type, status });
  }
  log.end();
  assertEquals(await read, [1, 2, 3]);
});

Deno.test("a reader that goes away leaves nothing waiting", async () => {
  const log = logOf(1);
  const stop = new AbortController();
  const read = sequences(log.read({ signal: stop.signal }));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(log.waiting, 1);
  stop.abort();
  assertEquals([await read, log.waiting], [[1], 0]);
});

Deno.test("of very many events the latest are kept", async () => {
  const log = logOf(1000);
  log.end();
  const read = await sequences(log.read());
  assertEquals([read.length, read.at(-1)], [256, 1000]);
});
