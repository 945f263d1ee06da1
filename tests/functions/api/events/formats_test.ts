import { assertEquals, assertRejects } from "@std/assert";
import type { EventSources } from "functions/api/events/event_sources.ts";
import { normalise } from "functions/api/events/formats/normalise.ts";
import type { UploadEvent } from "functions/api/events/formats/upload_event.ts";
import { ClearstackError } from "shared/errors.ts";
import type { Proof, Recorded } from "./deliveries.ts";
import { deliveryOf, PROOFS, recorded, SECRET, Senders, SOURCES } from "./deliveries.ts";

const KEY = "plate 1/café+2.tif";
const S3_VERSION = "096fKKXTRTtl3on89fVO.nfljtsv6qko";
const S3_ID = "C3D13FE58DE4C810";
const upload = (
  provider: UploadEvent["provider"],
  version: string,
  id: string,
  changes: Partial<UploadEvent> = {},
) => ({
  ...{ provider, bucket: "uploads", key: KEY, version, id },
  ...changes,
});
const s3Put = upload("s3", S3_VERSION, S3_ID);
const blob = upload("az", "8d4bcc2e4835cd0", "831e1650-001e-001b-66ab-eeb76e069631", { bucket: "facility/uploads" });
const generation = upload("gs", "1587627537231057", "1096434104173400");
const pushed = upload("gs", "1588778055917163", "1202301001");

interface Case {
  readonly file: string;
  /** Name of the format in the configuration. */
  readonly format: keyof EventSources;
  /** What its senders can do to prove themselves; the first is used. */
  readonly proofs: readonly (keyof typeof PROOFS)[];
  readonly uploads: readonly UploadEvent[];
}

const CASES: readonly Case[] = [
  { file: "s3_put", format: "s3", proofs: ["basic", "bearer", "apiKey"], uploads: [s3Put] },
  { file: "s3_removed", format: "s3", proofs: ["basic"], uploads: [] },
  { file: "s3_test_event", format: "s3", proofs: ["basic"], uploads: [] },
  {
    file: "ceph_put",
    format: "s3",
    proofs: ["basic"],
    uploads: [upload("s3", "9dd4e461268c8034f5c8564e155c67a6", "1795369006.188995.9dd4e461268c8034f5c8564e155c67a6", {
      key: "a dir/im+gé%.tif",
    })],
  },
  {
    file: "minio_put",
    format: "minio",
    proofs: ["bearer"],
    uploads: [upload("s3", "d41d8cd98f00b204e9800998ecf8427e", S3_ID)],
  },
  {
    file: "event_bridge_created",
    format: "eventbridge",
    proofs: ["apiKey", "basic"],
    uploads: [upload("s3", "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e", "17793124-05d4-b198-2fde-7ededc63b103")],
  },
  { file: "event_bridge_deleted", format: "eventbridge", proofs: ["apiKey"], uploads: [] },
  { file: "pub_sub_finalize", format: "pubsub", proofs: ["google"], uploads: [pushed] },
  { file: "pub_sub_delete", format: "pubsub", proofs: ["google"], uploads: [] },
  { file: "eventarc_binary", format: "cloudevents", proofs: ["google", "bearer"], uploads: [generation] },
  { file: "eventarc_deleted", format: "cloudevents", proofs: ["google"], uploads: [] },
  { file: "eventarc_pub_sub", format: "cloudevents", proofs: ["google"], uploads: [pushed] },
  { file: "knative_structured", format: "cloudevents", proofs: ["google", "bearer"], uploads: [generation] },
  { file: "cloud_events_s3_batch", format: "cloudevents", proofs: ["bearer"], uploads: [s3Put] },
  { file: "event_grid_cloud_event", format: "cloudevents", proofs: ["bearer"], uploads: [blob] },
  { file: "event_grid_created", format: "eventgrid", proofs: ["entra"], uploads: [blob] },
  { file: "event_grid_deleted", format: "eventgrid", proofs: ["entra"], uploads: [] },
  { file: "sns_notification", format: "sns", proofs: ["sns"], uploads: [s3Put] },
];

const proven = async (file: string, proof: keyof typeof PROOFS): Promise<Recorded> =>
  await (PROOFS[proof] as Proof)(await recorded(file));

for (const { file, format, proofs, uploads } of CASES) {
  for (const proof of proofs) {
    Deno.test(`${file} of a sender with proof "${proof}" is understood`, async () => {
      const delivery = deliveryOf(await proven(file, proof));
      assertEquals(await normalise(delivery, SOURCES, new Senders().keys), { uploads, refused: [] });
    });
  }

  Deno.test(`${file} without proof, or with a wrong one, is refused`, async () => {
    const { keys } = new Senders();
    const refuse = async (delivery: Recorded, kind: string) =>
      assertEquals((await refusalOf(delivery, SOURCES, keys)).kind, kind);
    const bare = await recorded(file);
    await refuse(bare, format === "sns" ? "forbidden" : "unauthenticated");
    const wrong = {
      ...bare,
      headers: { ...bare.headers, authorization: "Bearer guessed", "x-api-key": SECRET.slice(1) },
    };
    // Secrets are wrong, tokens invalid: only these two formats take nothing but tokens from a header here.
    const byToken = format === "pubsub" || format === "eventgrid";
    await refuse(wrong, byToken ? "unauthenticated" : "forbidden");
  });

  Deno.test(`${file} is refused by name where ${format} is not configured`, async () => {
    const { [format]: _, ...others } = SOURCES;
    const error = await refusalOf(await proven(file, proofs[0]!), others, new Senders().keys);
    assertEquals([error.kind, error.message.includes(`sources.${format}`)], ["forbidden", true]);
  });
}

async function refusalOf(delivery: Recorded, sources: EventSources, keys: Senders["keys"]): Promise<ClearstackError> {
  return await assertRejects(() => normalise(deliveryOf(delivery), sources, keys), ClearstackError);
}

Deno.test("a secret may come in the query, and only the right one", async () => {
  const body = await recorded("event_grid_created");
  const send = (secret: string) => normalise(deliveryOf(body, `secret=${secret}`), SOURCES, new Senders().keys);
  assertEquals(await send(SECRET), { uploads: [blob], refused: [] });
  assertEquals((await assertRejects(() => send("guessed"), ClearstackError)).kind, "forbidden");
  assertEquals((await assertRejects(() => send("x".repeat(5000)), ClearstackError)).kind, "unauthenticated");
});

const UNUSABLE_KEYS = [
  "../up.tif",
  "a/../b.tif",
  "a//b.tif",
  "/a.tif",
  "a//",
  "/",
  ".",
  "a\\b.tif",
  "a\0.tif",
  "",
  "a/./b",
];

for (const key of UNUSABLE_KEYS) {
  Deno.test(`the key ${JSON.stringify(key)} is refused, encoded or not`, async () => {
    const { keys } = new Senders();
    const raw = await proven("ceph_put", "basic");
    raw.body.Records[0].s3.object.key = key;
    const encoded = await proven("s3_put", "basic");
    encoded.body.Records[0].s3.object.key = encodeURIComponent(key);
    for (const delivery of [raw, encoded]) {
      const normalised = await normalise(deliveryOf(delivery), SOURCES, keys);
      assertEquals("uploads" in normalised && [normalised.uploads.length, normalised.refused.length], [0, 1]);
    }
  });
}

Deno.test("a key is decoded once: what was encoded twice keeps one encoding", async () => {
  const delivery = await proven("s3_put", "basic");
  delivery.body.Records[0].s3.object.key = "a%252F..%252Fb.tif";
  const normalised = await normalise(deliveryOf(delivery), SOURCES, new Senders().keys);
  assertEquals("uploads" in normalised && normalised.uploads[0]?.key, "a%2F..%2Fb.tif");
});

Deno.test("storing the same bytes again is the same version, whatever the event's own id and sequence", async () => {
  const first = await proven("ceph_put", "basic");
  const second = await proven("ceph_put", "basic");
  second.body.Records[0].eventId = "another";
  second.body.Records[0].s3.object.sequencer = "FFFF";
  const versions = [];
  for (const delivery of [first, second]) {
    const normalised = await normalise(deliveryOf(delivery), SOURCES, new Senders().keys);
    versions.push("uploads" in normalised && normalised.uploads[0]?.version);
  }
  assertEquals(versions[0], versions[1]);
});
