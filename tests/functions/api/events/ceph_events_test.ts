/** Uploads to Ceph's S3 gateway start jobs: its own notifications, pushed to a service on a real socket. */
import { assert, assertEquals } from "@std/assert";
import { AwsClient } from "aws4fetch";
import { createApiApp } from "functions/api/app.ts";
import { openEvents } from "functions/api/events/open_events.ts";
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import type { JobStatus } from "shared/contract/job_status.ts";
import { hasEnded } from "shared/engine/job_runner.ts";
import { readXml, xmlText } from "shared/storage/http/xml.ts";
import { encodeTiff } from "shared/image/tiff/write_tiff.ts";
import { memoryUrl } from "../../../fixtures/memory_url.ts";
import type { ObjectServer } from "../../../fixtures/servers/object_servers.ts";
import { cephServer, testOn } from "../../../fixtures/servers/object_servers.ts";
import { identityJobs, readOutput } from "../../identity_jobs.ts";
import { patternedVoxels, writePsf, writeZarr } from "../../sample_image.ts";
import { configureStores, openStore } from "../../../stores.ts";

const SECRET = crypto.randomUUID();
const SHAPE = [6, 20, 24] as const;

/** Signed requests to the gateway. */
function gateway({ variables }: ObjectServer) {
  const send = async (service: string, path: string, init: RequestInit) => {
    const client = new AwsClient({
      accessKeyId: variables.AWS_ACCESS_KEY_ID!,
      secretAccessKey: variables.AWS_SECRET_ACCESS_KEY!,
      ...{ service, region: "us-east-1", retries: 0 },
    });
    const response = await client.fetch(`${variables.AWS_ENDPOINT_URL}/${path}`, init);
    const text = await response.text();
    assert(response.ok, text);
    return text;
  };
  return {
    s3: (method: string, path: string, body?: string) => send("s3", path, { method, ...(body ? { body } : {}) }),
    /** Makes a topic and returns its ARN. */
    topic: async (name: string, url: string) => {
      const attributes = { "push-endpoint": url, "verify-ssl": "false" };
      const body = new URLSearchParams({ Action: "CreateTopic", Name: name });
      Object.entries(attributes).forEach(([key, value], index) => {
        body.set(`Attributes.entry.${index + 1}.key`, key);
        body.set(`Attributes.entry.${index + 1}.value`, value);
      });
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      return xmlText(await readXml(await send("sns", "", { method: "POST", body: `${body}`, headers })), "TopicArn")!;
    },
  };
}

async function sha256(text: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toHex();
}

/** Waits until there are as many jobs and all have ended. */
async function endedJobs(jobs: LocalJobRunner, count: number): Promise<JobStatus[]> {
  for (let waited = 0; waited < 300; waited++) {
    const { jobs: all } = await jobs.list({ limit: 100 });
    if (all.length >= count && all.every(hasEnded)) return all;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no ${count} jobs within 30 s`);
}

testOn(await cephServer(), "uploads to Ceph start one job each, whose outputs can be read", async (server) => {
  configureStores(server.environment);
  const bucket = `events-${crypto.randomUUID().slice(0, 8)}`;
  const { s3, topic } = gateway(server);
  await s3("PUT", bucket);
  await writePsf(`s3://${bucket}/psfs/psf.zarr`);
  const psf = `s3://${bucket}/psfs/psf.zarr`;
  const job = (output: string) => ({
    psf,
    output,
    algorithm: { iterations: 2 },
    backend: "cpu",
    tiling: { halo: [1, 2, 2] },
  });
  const rules = JSON.stringify({
    sources: { s3: { secretSha256: [await sha256(SECRET)] } },
    rules: [
      {
        bucket,
        key: "raw/**/*.zarr",
        when: { marker: "/_SUCCESS" },
        job: job(`s3://${bucket}/results/{stem}.ome.zarr`),
      },
      { bucket, key: "raw/**", when: "tiff", job: job(`s3://${bucket}/results/{name}.ome.zarr`) },
    ],
  });
  const store = openStore(memoryUrl());
  const { environment } = server;
  const jobs = await LocalJobRunner.start({
    deps: identityJobs(undefined, undefined, environment),
    store,
    log: () => {},
  });
  const events = await openEvents({ rules, store, jobs, allowedUrls: [`s3://${bucket}`], environment });
  const answers: number[] = [];
  const app = createApiApp({ jobs, allowedUrls: "any", events, log: () => {} });
  const listener = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const response = await app.fetch(request);
    answers.push(response.status);
    return response;
  });
  try {
    const arn = await topic(bucket, `http://127.0.0.1:${listener.addr.port}/v1/events?secret=${SECRET}`);
    const notifications =
      `<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TopicConfiguration>` +
      `<Id>uploads</Id><Topic>${arn}</Topic><Event>s3:ObjectCreated:*</Event><Event>s3:ObjectRemoved:*</Event>` +
      `</TopicConfiguration></NotificationConfiguration>`;
    await s3("PUT", `${bucket}?notification`, notifications);

    const values = patternedVoxels(SHAPE);
    const volume = `s3://${bucket}/raw/plate 1/caf%C3%A9+%231.zarr`;
    await writeZarr(volume, { shape: SHAPE, chunk: [6, 10, 12], values });
    assertEquals((await jobs.list({ limit: 100 })).jobs, []);
    const raw = openStore(`s3://${bucket}/raw`);
    const tiff = encodeTiff({ shape: SHAPE, values: Float32Array.from(values) });
    // Twice each: storing the same again is no other upload.
    for (let i = 0; i < 2; i++) {
      await raw.put("plate 1/café+#1.zarr/_SUCCESS", new Uint8Array(0));
      await raw.put("stack 50%.tif", tiff);
    }
    const ended = await endedJobs(jobs, 2);
    await events.inbox.idle();
    assertEquals(ended.map(({ state, error }) => error?.message ?? state), ["done", "done"]);
    assertEquals((await jobs.list({ limit: 100 })).jobs.length, 2);
    assertEquals(ended.map(({ owner }) => owner), ["events", "events"]);
    for (const name of ["café+%231.ome.zarr", "stack 50%25.tif.ome.zarr"]) {
      // Kernels that change nothing.
      assertEquals(await readOutput(`s3://${bucket}/results/${name}`), Float32Array.from(values));
    }

    await raw.delete("stack 50%.tif");
    assertEquals(new Set(answers), new Set([202]));
    assertEquals(await Array.fromAsync(store.list("events/")), []);
  } finally {
    await s3("DELETE", `${bucket}?notification`);
    events.inbox.close();
    await listener.shutdown();
    await jobs.close();
    await openStore(`s3://${bucket}`).deleteAll("");
    await s3("DELETE", bucket);
    configureStores({ env: () => undefined });
  }
});
