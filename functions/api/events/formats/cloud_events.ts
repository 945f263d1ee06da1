/** CloudEvents of object stores, binary, structured or batched: from Eventarc, Knative, Event Grid, or a server of S3. */
import { z } from "zod";
import { type Delivery, type EventFormat, hasMembers, parseEvent, readEach, type ReadEvent } from "./event_format.ts";
import { BLOB_CREATED, readBlob } from "./event_grid.ts";
import { readPubSub } from "./pub_sub.ts";
import { readS3Record, readS3Records } from "./s3_records.ts";
import { requireSecret } from "../proofs/shared_secret.ts";
import { requireToken } from "../proofs/sender_token.ts";

/** The attributes that matter here, and what they go with. */
const CloudEventSchema = z.object({
  id: z.string().min(1),
  type: z.string().min(1),
  source: z.string().min(1),
  subject: z.string().nullish(),
  data: z.unknown(),
});

const StorageObjectSchema = z.object({
  bucket: z.string(),
  name: z.string(),
  generation: z.union([z.string(), z.int()]).transform(String),
});

export const cloudEvents: EventFormat = {
  name: "cloudevents",
  recognise: ({ headers, body }) =>
    headers.has("ce-specversion") || /^application\/cloudevents/i.test(headers.get("content-type") ?? "") ||
    hasMembers(body, "specversion", "type", "source"),
  open: ({ cloudevents: settings }, keys) =>
    settings && {
      authenticate: async (delivery) => {
        const { token, secretSha256 } = settings;
        if (token && (!secretSha256 || isToken(delivery))) await requireToken(delivery, token, keys);
        else if (secretSha256) await requireSecret(delivery, secretSha256);
      },
      normalise: (delivery) => readEach(eventsOf(delivery), readCloudEvent),
    },
};

/** Tokens have three parts; a secret that looks like one cannot be used beside tokens. */
function isToken({ headers }: Delivery): boolean {
  return /^Bearer +[\w-]+\.[\w-]+\.[\w-]*$/i.test(headers.get("authorization") ?? "");
}

/** The events of a delivery, whichever way they come, as members of one object each. */
function eventsOf({ headers, body }: Delivery): unknown[] {
  if (headers.has("ce-specversion")) {
    const attribute = (name: string) => decodeHeader(headers.get(`ce-${name}`));
    const [id, type, source, subject] = [attribute("id"), attribute("type"), attribute("source"), attribute("subject")];
    return [{ id, type, source, subject, data: body }];
  }
  return Array.isArray(body) ? body : [body];
}

function readCloudEvent(event: unknown): ReadEvent[] {
  const { id, type, source, subject, data } = parseEvent("CloudEvents", CloudEventSchema, event);
  if (type === "google.cloud.storage.object.v1.finalized") {
    const { bucket, name, generation } = parseEvent("CloudEvents", StorageObjectSchema, data);
    return [{ provider: "gs", bucket, key: name, version: generation, id }];
  }
  if (type === "google.cloud.pubsub.topic.v1.messagePublished") return readPubSub(data);
  if (type === BLOB_CREATED) return readBlob({ id, resource: source, subject: subject ?? "", data });
  // The adapter of the specification says amazonaws, TriggerMesh amazon; the rest is S3's name of the event.
  if (!/^com\.amazon(aws)?\.s3\.objectcreated/i.test(type)) return [];
  return hasMembers(data, "Records") ? readS3Records(data) : [readS3Record(data)];
}

/** Header values are percent-encoded where they hold more than printable ASCII. */
function decodeHeader(value: string | null): string | undefined {
  try {
    return value === null ? undefined : decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
