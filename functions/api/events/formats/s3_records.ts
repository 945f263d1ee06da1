/** Events of S3 and of servers of its protocol: `{"Records": [...]}`, as Ceph pushes them and SNS carries them. */
import { z } from "zod";
import { ClearstackError } from "shared/errors.ts";
import { type EventFormat, hasMembers, parseEvent, readEach, type ReadEvent } from "./event_format.ts";
import { requireSecret } from "../proofs/shared_secret.ts";
import type { UploadEvent } from "./upload_event.ts";

const RecordSchema = z.object({
  eventSource: z.string().default("aws:s3"),
  eventName: z.string(),
  eventId: z.string().optional(),
  responseElements: z.object({ "x-amz-request-id": z.string().optional() }).optional(),
  s3: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({
      key: z.string(),
      eTag: z.string().nullish(),
      versionId: z.string().nullish(),
      sequencer: z.string().nullish(),
    }),
  }),
});

const RecordsSchema = z.object({ Records: z.array(z.unknown()) });

/** Other events of S3 lack the members that uploads have. */
const KindSchema = z.object({ eventName: z.string() });

export const s3Records: EventFormat = {
  name: "s3",
  recognise: ({ body }) => hasMembers(body, "Records") || isTestEvent(body),
  open: ({ s3 }) =>
    s3 && {
      authenticate: (delivery) => requireSecret(delivery, s3.secretSha256),
      normalise: ({ body }) => readS3Records(body),
    },
};

/** Uploads among the records of S3's own message. */
export function readS3Records(message: unknown): ReadEvent[] {
  if (isTestEvent(message)) return [];
  const { Records } = parseEvent("S3", RecordsSchema, message);
  return readEach(Records, (record) => {
    const { eventName } = parseEvent("S3", KindSchema, record);
    return isCreation(eventName) ? [readS3Record(record)] : [];
  });
}

export function readS3Record(record: unknown): UploadEvent {
  const { eventSource, s3, eventId, responseElements } = parseEvent("S3", RecordSchema, record);
  const { key, ...object } = s3.object;
  const id = eventId ?? responseElements?.["x-amz-request-id"] ?? "";
  return {
    provider: "s3",
    bucket: s3.bucket.name,
    // Ceph states keys as they are; every other server as S3 does, in the form encoding.
    key: eventSource === "ceph:s3" ? key : decodeKey(key),
    version: objectVersion({ ...object, id }),
    id,
  };
}

/**
 * True for an event of S3 that tells of a new object, `s3:ObjectCreated:Put` or `ObjectCreated:Put`. MinIO calls by this name also what
 * changes an object's tags or how long it is kept, which is no upload.
 */
function isCreation(eventName: string): boolean {
  return /^(s3:)?ObjectCreated:(?!.*(Tagging|Retention|LegalHold)$)/.test(eventName);
}

interface VersionHints {
  readonly versionId?: string | null | undefined;
  readonly eTag?: string | null | undefined;
  readonly sequencer?: string | null | undefined;
  readonly id: string;
}

/** The version id where there is one, else the entity tag, so that storing the same bytes again is the same version. */
export function objectVersion({ versionId, eTag, sequencer, id }: VersionHints): string {
  const version = versionId && versionId !== "null" ? versionId : undefined;
  const tag = eTag ? eTag.replaceAll('"', "").toLowerCase() : undefined;
  return version ?? tag ?? (sequencer || id);
}

/** Undoes the form encoding of S3's keys, once. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch (cause) {
    throw new ClearstackError("invalid-request", "not a S3 event: its key is not URL-encoded", { cause });
  }
}

/** S3 sends one when notifications are set up. */
function isTestEvent(message: unknown): boolean {
  return hasMembers(message, "Event", "Bucket") && message.Event === "s3:TestEvent";
}
