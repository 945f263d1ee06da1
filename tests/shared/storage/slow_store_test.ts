/** Ways to a store that are slow, and ways that stop: what moves is waited for, what does not is tried again, for a while. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { azAccount } from "shared/storage/az/az_address.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Store } from "shared/storage/store.ts";
import type { Fault, FaultPlan, FaultProxy } from "../../fixtures/servers/fault_proxy.ts";
import { faultProxy, PAUSE_MILLISECONDS, TRICKLED_PIECES } from "../../fixtures/servers/fault_proxy.ts";
import { gsServer } from "../../fixtures/servers/gs_server.ts";
import { noise } from "../../fixtures/noise.ts";
import {
  azuriteServer,
  cephServer,
  environmentOf,
  type ObjectServer,
  testOn,
} from "../../fixtures/servers/object_servers.ts";
import { serveRanges } from "../../fixtures/servers/range_server.ts";
import { openReadable, openStore } from "../../stores.ts";

/** Longer than any of the pauses of what is slow, and shorter than all of them together. */
const TIMEOUT_MS = 5 * PAUSE_MILLISECONDS;
const ATTEMPTS = 3;
const quick = { timeoutMs: TIMEOUT_MS, attempts: ATTEMPTS, backoffMs: 5 };
const object = new Uint8Array(noise(20_000));

assert(TIMEOUT_MS < (TRICKLED_PIECES - 1) * PAUSE_MILLISECONDS);

/** A store and the proxy on the way to it. */
interface Way {
  readonly store: Store;
  /** The store without the proxy. */
  readonly direct: Store;
  readonly proxy: FaultProxy;
}

type OnWay = (plan: FaultPlan, use: (way: Way) => Promise<void>) => Promise<void>;

const SLOW: readonly Fault[] = ["late", "trickled"];
const STOPPED_READS: readonly Fault[] = ["stalled", "silent", "unanswered"];
const STOPPED_WRITES: readonly Fault[] = ["silent", "unanswered", "broken"];

const onHttp: OnWay = async (plan, use) => {
  await using server = serveRanges(() => Promise.resolve(object));
  await using proxy = faultProxy(server.url, plan);
  // Only what is read is asked of these.
  const [store, direct] = [openReadable(proxy.origin, quick) as Store, openReadable(server.url) as Store];
  await use({ store, direct, proxy });
};

const onGs: OnWay = async (plan, use) => {
  await using server = gsServer();
  await using proxy = faultProxy(server.origin, plan);
  const at = (origin: string, options = {}) =>
    openStore("gs://bucket/a", { environment: environmentOf({ STORAGE_EMULATOR_HOST: origin }), ...options });
  await use({ store: at(proxy.origin, quick), direct: at(server.origin), proxy });
};

const onCeph = (server: ObjectServer): OnWay => (plan, use) =>
  onServer(server, { variable: "AWS_ENDPOINT_URL", origin: server.variables.AWS_ENDPOINT_URL!, plan, use });

const onAzurite = (server: ObjectServer): OnWay => (plan, use) => {
  const { origin } = new URL(azAccount(server.environment)!.endpoint);
  return onServer(server, { variable: "AZURE_STORAGE_CONNECTION_STRING", origin, plan, use });
};

interface ServerWay {
  readonly variable: string;
  readonly origin: string;
  readonly plan: FaultPlan;
  readonly use: (way: Way) => Promise<void>;
}

async function onServer(server: ObjectServer, { variable, origin, plan, use }: ServerWay): Promise<void> {
  await using proxy = faultProxy(origin, plan);
  const variables = {
    ...server.variables,
    [variable]: server.variables[variable]!.replace(new URL(origin).origin, proxy.origin),
  };
  const url = server.freshUrl();
  const direct = openStore(url, server);
  await use({ store: openStore(url, { environment: environmentOf(variables), ...quick }), direct, proxy });
  await direct.deleteAll("");
}

const [ceph, azurite] = [await cephServer(), await azuriteServer()];

type Body = (onWay: OnWay) => Promise<void>;

function onWritable(name: string, body: Body): void {
  Deno.test(`by Google's JSON API, ${name}`, () => body(onGs));
  testOn(ceph, `in Ceph, ${name}`, (server) => body(onCeph(server)));
  testOn(azurite, `in azurite, ${name}`, (server) => body(onAzurite(server)));
}

function onAny(name: string, body: Body): void {
  Deno.test(`over HTTP, ${name}`, () => body(onHttp));
  onWritable(name, body);
}

/** Spoils the first requests of a method for each path. */
const first = (count: number, fault: Fault, methods: RegExp): FaultPlan => (method, _, earlier) =>
  methods.test(method) && earlier < count ? fault : undefined;

const requests = ({ log }: FaultProxy, methods: RegExp) => log.filter((line) => methods.test(line)).length;

async function putDirectly({ direct }: Way): Promise<void> {
  if ("put" in direct) await direct.put("k", object);
}

for (const fault of SLOW) {
  onAny(
    `an answer that is ${fault} is read whole, and asked for once`,
    (onWay) =>
      onWay(first(9, fault, /GET/), async (way) => {
        await putDirectly(way);
        assertEquals(await way.store.get("k"), object);
        assertEquals(await way.store.getRange("k", { offset: 1000, length: 15_000 }), object.slice(1000, 16_000));
        assertEquals(requests(way.proxy, /^GET/), 2);
      }),
  );
}

for (const fault of STOPPED_READS) {
  onAny(
    `objects and ranges are right though their answers are ${fault} at first`,
    (onWay) =>
      onWay(first(2, fault, /GET/), async (way) => {
        await putDirectly(way);
        assertEquals(await way.store.get("k"), object);
        assertEquals(requests(way.proxy, /^GET/), 3);
        assertEquals(await way.store.getRange("k", { offset: 1000, length: 2000 }), object.slice(1000, 3000));
      }),
  );

  onAny(
    `reads whose every answer is ${fault} end in an error that names the object, in time`,
    (onWay) =>
      onWay(first(Infinity, fault, /GET/), async (way) => {
        await putDirectly(way);
        const started = performance.now();
        const error = await assertRejects(() => way.store.get("k"), ClearstackError);
        assertEquals(error.kind, "store-unavailable");
        assertStringIncludes(error.message, `${way.store.url}/k: `);
        assertStringIncludes(
          error.message,
          fault === "stalled" ? "the answer stalled: after 10000 bytes" : "no answer within 0.2 s",
        );
        assertEquals(requests(way.proxy, /^GET/), ATTEMPTS);
        // Each attempt its timeout, and after what came of an answer another; four times that for a machine with other work.
        assert(performance.now() - started < 4 * 2 * ATTEMPTS * TIMEOUT_MS);
      }),
  );
}

onWritable(
  "an object is written though the answer comes late, and once",
  (onWay) =>
    onWay(first(9, "late", /PUT|POST/), async ({ store, direct, proxy }) => {
      await store.put("k", object);
      assertEquals(await direct.get("k"), object);
      assertEquals(requests(proxy, /^(PUT|POST)/), 1);
    }),
);

for (const fault of STOPPED_WRITES) {
  onWritable(
    `an object is written though the first attempts are ${fault}`,
    (onWay) =>
      onWay(first(2, fault, /PUT|POST/), async ({ store, direct }) => {
        await store.put("k", object);
        assertEquals(await direct.get("k"), object);
      }),
  );

  onWritable(
    `what is put if absent or swapped is known to be one's own though its first attempt is ${fault}`,
    (onWay) =>
      onWay(first(1, fault, /PUT|POST/), async ({ store, direct }) => {
        assertEquals(await store.put("lock", object.slice(0, 9), { ifAbsent: true }), true);
        assertEquals(await store.put("lock", object.slice(0, 9), { ifAbsent: true }), false);
        const tag = await store.swap("state", object.slice(0, 5), undefined);
        assertEquals(await direct.getTagged("state"), { bytes: object.slice(0, 5), tag: tag! });
      }),
  );

  onWritable(
    `writes that are ${fault} for good end in an error that names the object, and a later one succeeds`,
    (onWay) => {
      let mended = false;
      const plan: FaultPlan = (method) => !mended && method !== "GET" ? fault : undefined;
      return onWay(plan, async ({ store, direct }) => {
        const error = await assertRejects(() => store.put("k", object), ClearstackError);
        assertEquals(error.kind, "store-unavailable");
        assertStringIncludes(error.message, `${store.url}/k`);
        // Whole, where the server has done its work, or not there at all.
        assertEquals(await direct.get("k"), fault === "unanswered" ? object : undefined);
        mended = true;
        await store.put("k", object);
        assertEquals(await direct.get("k"), object);
      });
    },
  );
}
