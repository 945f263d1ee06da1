/** Notifications of Google Cloud Storage, pushed by Pub/Sub. */
import { z } from "zod";
import { type EventFormat, hasMembers, parseEvent } from "./event_format.ts";
import { requireToken } from "../proofs/sender_token.ts";
import type { UploadEvent } from "./upload_event.ts";

const MessageSchema = z.object({
  message: z.object({ attributes: z.record(z.string(), z.string()).default({}), messageId: z.string() }),
});

const CreatedSchema = z.object({ bucketId: z.string(), objectId: z.string(), objectGeneration: z.string() });

export const pubSub: EventFormat = {
  name: "pubsub",
  recognise: ({ body }) => hasMembers(body, "message", "subscription"),
  open: ({ pubsub: settings }, keys) =>
    settings && {
      authenticate: (delivery) => requireToken(delivery, settings, keys),
      normalise: ({ body }) => readPubSub(body),
    },
};

/** The upload that a pushed message tells of, if it does. */
export function readPubSub(pushed: unknown): UploadEvent[] {
  const { message: { attributes, messageId } } = parseEvent("Pub/Sub", MessageSchema, pushed);
  if (attributes.eventType !== "OBJECT_FINALIZE") return [];
  const { bucketId, objectId, objectGeneration } = parseEvent("Pub/Sub", CreatedSchema, attributes);
  return [{ provider: "gs", bucket: bucketId, key: objectId, version: objectGeneration, id: messageId }];
}
