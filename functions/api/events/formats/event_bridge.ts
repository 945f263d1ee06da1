/** Events of S3 that Amazon EventBridge sends to an API destination. */
import { z } from "zod";
import { type EventFormat, hasMembers, parseEvent } from "./event_format.ts";
import { objectVersion } from "./s3_records.ts";
import { requireSecret } from "../proofs/shared_secret.ts";
import type { UploadEvent } from "./upload_event.ts";

const KindSchema = z.object({ source: z.string(), "detail-type": z.string() });

const CreatedSchema = z.object({
  id: z.string(),
  detail: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({
      key: z.string(),
      etag: z.string().nullish(),
      "version-id": z.string().nullish(),
      sequencer: z.string().nullish(),
    }),
  }),
});

export const eventBridge: EventFormat = {
  name: "eventbridge",
  recognise: ({ body }) => isEventBridge(body),
  open: ({ eventbridge: settings }) =>
    settings && {
      authenticate: (delivery) => requireSecret(delivery, settings.secretSha256),
      normalise: ({ body }) => readEventBridge(body),
    },
};

/** True for what EventBridge sends, of whatever service. */
export function isEventBridge(message: unknown): boolean {
  return hasMembers(message, "detail-type", "source", "detail");
}

/** The upload that an event tells of, if it does. */
export function readEventBridge(message: unknown): UploadEvent[] {
  const kind = parseEvent("EventBridge", KindSchema, message);
  if (kind.source !== "aws.s3" || kind["detail-type"] !== "Object Created") return [];
  const { id, detail: { bucket, object } } = parseEvent("EventBridge", CreatedSchema, message);
  const { key, etag: eTag, "version-id": versionId, sequencer } = object;
  // Unlike S3's own messages, these hold keys as they are.
  return [{ provider: "s3", bucket: bucket.name, key, version: objectVersion({ versionId, eTag, sequencer, id }), id }];
}
