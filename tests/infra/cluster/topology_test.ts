/** What infra deploys, on the loopback interface and from the bundle: api, orchestrate, pyramid, and GPUs that scale to zero. */
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { JobListSchema } from "shared/contract/job_list.ts";
import type { JobStatus } from "shared/contract/job_status.ts";
import { hasEnded } from "shared/engine/job_runner.ts";
import { callJson } from "shared/http/call_json.ts";
import { encodeTiff } from "shared/image/tiff/write_tiff.ts";
import { openStore } from "shared/storage/open_store.ts";
import { writeBundle } from "../../../infra/bundle/write_bundle.ts";
import { Cluster } from "../../../infra/cluster/cluster.ts";
import { cephServer } from "../../fixtures/servers/object_servers.ts";
import { patternedVoxels } from "../../functions/sample_image.ts";
import { LEFT_TO_ALL, testUnless } from "../../test_unless.ts";

const SECRET = "secret-of-this-test";
/** An instance that has had no tile for so long ends. */
const IDLE = "2s";

/** Rules by which a TIFF in a bucket becomes a job, as docs/events.md has them. */
async function rulesOf(bucket: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(SECRET));
  const secretSha256 = [new Uint8Array(digest).toHex()];
  return JSON.stringify({
    sources: { s3: { secretSha256 } },
    rules: [{
      ...{ bucket, key: "uploads/**", when: "tiff" },
      job: {
        psf: `s3://${bucket}/psf.tif`,
        output: `s3://${bucket}/results/{name}.zarr`,
        algorithm: { iterations: 3 },
      },
    }],
  });
}

/** The message of a bucket that has got an object. */
function uploaded(bucket: string, key: string, size: number): unknown {
  const object = { key, size, eTag: "0", sequencer: "0055AED6DCD90281E5" };
  return {
    Records: [{
      ...{ eventVersion: "2.1", eventSource: "aws:s3", awsRegion: "us-east-1", eventName: "ObjectCreated:Put" },
      ...{ eventTime: new Date().toISOString(), s3: { s3SchemaVersion: "1.0", bucket: { name: bucket }, object } },
    }],
  };
}

// A gateway that runs tells that its packages are here; the cluster starts one of its own.
const missing = (await cephServer()) === undefined ? "no object store: see infra/object_stores" : LEFT_TO_ALL;

testUnless(missing, {
  name: "from the bundle: an upload wakes the instance that sleeps, its job completes, and the instance sleeps again",
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "clearstack-topology-" });
    const bundle = `${folder}/bundle`;
    await writeBundle(bundle);
    const rules = await rulesOf("clearstack");
    await using cluster = await Cluster.start({
      ...{ folder, instances: 1, onDemand: true },
      program: (name) => ({
        command: Deno.execPath(),
        args: [
          ...["run", "--quiet", `--config=${bundle}/deno.json`, `-P=${name}`, "--no-prompt", "--cached-only"],
          ...[`--allow-read=${bundle}`, `${bundle}/${name}.js`],
        ],
      }),
      settings: (name): Record<string, string> =>
        name === "deconvolve"
          ? { CLEARSTACK_IDLE: IDLE }
          : name === "api"
          ? { CLEARSTACK_EVENT_RULES: rules, CLEARSTACK_EVENT_INBOX: "s3://clearstack/inbox" }
          : {},
    });
    const { apiUrl, bucketUrl, environment, servers } = cluster;
    const awake = () => servers.get("deconvolve-1")!.pid !== undefined;
    assertEquals(awake(), false);

    const shape = [4, 24, 24] as const;
    const values = Float32Array.from(patternedVoxels(shape));
    const image = encodeTiff({ shape, values, spacingMicrometre: [1, 1, 1] });
    const psf = { shape: [1, 3, 3] as const, values: Float32Array.of(0, 1, 0, 1, 4, 1, 0, 1, 0) };
    const store = openStore(bucketUrl, { environment });
    await store.put("psf.tif", encodeTiff({ ...psf, spacingMicrometre: [1, 1, 1] }));
    await store.put("uploads/cells.tif", image);
    const told = await fetch(`${apiUrl}/v1/events`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${SECRET}` },
      body: JSON.stringify(uploaded("clearstack", "uploads/cells.tif", image.length)),
    });
    assertEquals([told.status, await told.json()], [202, { accepted: 1, ignored: 0, refused: 0 }]);

    let status: JobStatus | undefined;
    for (const until = Date.now() + 240_000; Date.now() < until; await delay(250)) {
      const { jobs: [job] } = await callJson(`${apiUrl}/v1/jobs`, JobListSchema);
      status = job;
      if (job && hasEnded(job)) break;
    }
    assertEquals(status?.state, "done", JSON.stringify(status));
    const { output } = status!.result!;
    assert(await openStore(output, { environment }).get("zarr.json") !== undefined, output);
    for (const until = Date.now() + 60_000; awake() && Date.now() < until;) await delay(100);
    assertEquals(awake(), false, "it ends when it has nothing to do");
  },
});
