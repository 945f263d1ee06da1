/** The planner under fire: hostile images, PSFs and URLs, and what each takes of time and memory. */
import { delay } from "@std/async/delay";
import fc from "fast-check";
import { openStore } from "../../tests/stores.ts";
import { type FuzzDocument, fuzzDocument } from "./documents.ts";
import { openWorld, sendOne } from "./fuzz.ts";

/** The most that one input may take. */
interface FuzzLimits {
  readonly answerMs: number;
  /** Between two answers of `/healthz` meanwhile. */
  readonly silenceMs: number;
  /** By which the process grows. */
  readonly bytes: number;
}

const MEASURES = ["answerMs", "silenceMs", "bytes"] as const;

/** Outcome of a run. */
interface DocumentFuzzResult {
  /** Answers by grammar and status, such as `TIFF 422`. */
  readonly answers: ReadonlyMap<string, number>;
  readonly worst: FuzzLimits;
  /** Inputs that were answered by a 500, or took more than a limit, with why. */
  readonly faults: readonly string[];
}

/** Asks for a plan of each input, one after the other. */
export async function fuzzDocuments(
  { inputs, seed, limits }: { readonly inputs: number; readonly seed: number; readonly limits: FuzzLimits },
): Promise<DocumentFuzzResult> {
  let said = "";
  const { world, apps: { api }, close } = await openWorld((line) => said = line);
  const answers = new Map<string, number>();
  const faults: string[] = [];
  const worst = { answerMs: 0, silenceMs: 0, bytes: 0 };
  const health = watchHealth(api);
  const headers = { authorization: `Bearer ${world.keys[0]}`, "content-type": "application/json" };
  // What only the first request loads is no cost of its input.
  await sendOne(api, {
    to: "api",
    method: "POST",
    path: "/v1/plans",
    headers,
    body: requestOf({ url: world.sources[0]! }),
  });
  let sent = 0;

  function requestOf(
    { url, role = "source", location = {} }: { url: string; role?: string; location?: object },
  ): string {
    const places = {
      source: { url: world.sources[0], allowEmpty: true },
      psf: { url: world.psfs[0] },
      output: { url: world.outputs[0] },
    };
    const place = { ...places[role as keyof typeof places], ...location, url };
    return JSON.stringify({ ...places, backend: "cpu", [role]: place });
  }

  async function attempt(document: FuzzDocument) {
    const place = `memory:fuzz/document-${++sent}`;
    const store = openStore(place);
    for (const [key, bytes] of Object.entries(document.files)) await store.put(key, bytes);
    const body = requestOf({ ...document, url: document.url ?? `${place}${document.name}` });
    const grown = watchMemory();
    health.restart();
    const started = performance.now();
    const { status, fault } = await sendOne(api, { to: "api", method: "POST", path: "/v1/plans", headers, body });
    const took = { answerMs: performance.now() - started, silenceMs: health.longestSilenceMs(), bytes: grown() };
    await store.deleteAll("");
    return {
      status,
      fault,
      took,
      isOver: MEASURES.some((what) => took[what] > limits[what]),
      shown: show(document, body),
    };
  }

  await fc.assert(
    fc.asyncProperty(fuzzDocument, async (document) => {
      // A busy machine may stop anything for a second, but not the same thing three times.
      let outcome = await attempt(document);
      for (let again = 0; again < 2 && outcome.isOver && outcome.status !== 500; again++) {
        const next = await attempt(document);
        if (!next.isOver) outcome = next;
      }
      const { status, took, fault, shown } = outcome;
      const name = `${document.grammar} ${status}`;
      answers.set(name, (answers.get(name) ?? 0) + 1);
      for (const what of MEASURES) {
        worst[what] = Math.max(worst[what], took[what]);
        if (took[what] > limits[what]) faults.push(`${what} ${took[what].toFixed(0)}: ${shown}`);
      }
      if (fault !== undefined) faults.push(`${fault} ${said}: ${shown}`);
    }),
    { numRuns: inputs, seed, endOnFailure: true },
  );
  await health.stop();
  await close();
  return { answers, worst, faults };
}

/** Asks after the service's health all the time. */
function watchHealth(app: (request: Request) => Response | Promise<Response>) {
  let [answered, longest, isOver] = [performance.now(), 0, false];
  const longestSilenceMs = () => longest = Math.max(longest, performance.now() - answered);
  const asking = (async () => {
    while (!isOver) {
      await delay(5);
      await (await app(new Request("http://localhost/healthz"))).body?.cancel();
      longestSilenceMs();
      answered = performance.now();
    }
  })();
  return {
    restart: () => [answered, longest] = [performance.now(), 0],
    longestSilenceMs,
    stop: async () => {
      isOver = true;
      await asking;
    },
  };
}

/** Tells by how many bytes the process has grown at its most, since; where Linux does not say, by how many it has now. */
function watchMemory(): () => number {
  const before = Deno.memoryUsage().rss;
  try {
    // 5 makes the kernel forget the most that there was.
    Deno.writeTextFileSync("/proc/self/clear_refs", "5", { create: false });
    return () => 1024 * Number(/VmHWM:\s*(\d+)/.exec(Deno.readTextFileSync("/proc/self/status"))![1]) - before;
  } catch {
    return () => Deno.memoryUsage().rss - before;
  }
}

function show({ grammar, files }: FuzzDocument, body: string): string {
  const texts = Object.entries(files).map(([key, bytes]) => {
    const text = new TextDecoder("latin1").decode(bytes.subarray(0, 1000));
    return `${key} (${bytes.length} bytes): ${JSON.stringify(text)}`;
  });
  return [grammar, body.slice(0, 2000), ...texts].join("\n  ");
}
