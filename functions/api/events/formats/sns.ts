/** Events of S3 through topics of Amazon SNS, which signs every message. */
import { ClearstackError } from "shared/errors.ts";
import { isEventBridge, readEventBridge } from "./event_bridge.ts";
import { type Delivery, type EventFormat, hasMembers, parseEvent, type ReadEvent } from "./event_format.ts";
import { readS3Records } from "./s3_records.ts";
import type { SenderKeys } from "../proofs/sender_keys.ts";
import { requireSignature, type SnsMessage, SnsMessageSchema, snsUrl } from "../proofs/sns_signature.ts";

export const sns: EventFormat = {
  name: "sns",
  recognise: ({ body }) => hasMembers(body, "Type", "TopicArn", "Signature"),
  open: ({ sns: settings }, keys) =>
    settings && {
      authenticate: async ({ body }) => {
        const message = parseMessage(body);
        // First, since the topic says where the certificate may come from.
        if (!settings.topics.includes(message.TopicArn)) {
          throw new ClearstackError(
            "forbidden",
            "this topic of SNS may not send events here: add its ARN to sns.topics",
          );
        }
        await requireSignature(message, keys);
      },
      handshake: (delivery) => confirm(delivery, keys),
      normalise: ({ body }) => readNotification(parseMessage(body)),
    },
};

function parseMessage(body: unknown): SnsMessage {
  return parseEvent("SNS", SnsMessageSchema, body);
}

/** Follows the link that confirms a subscription: of a signed message of a configured topic, and on its own host. */
async function confirm({ body }: Delivery, keys: SenderKeys): Promise<Record<string, string> | undefined> {
  const message = parseMessage(body);
  if (message.Type === "Notification") return undefined;
  if (message.Type === "UnsubscribeConfirmation") return { subscription: "ended" };
  const url = snsUrl(message.SubscribeURL ?? "", message.TopicArn);
  const { searchParams } = url;
  if (searchParams.get("Action") !== "ConfirmSubscription" || searchParams.get("TopicArn") !== message.TopicArn) {
    throw new ClearstackError("forbidden", "the link to confirm a subscription with does something else");
  }
  await keys.get(url);
  return { subscription: "confirmed" };
}

function readNotification({ Message }: SnsMessage): ReadEvent[] {
  let inner: unknown;
  try {
    inner = JSON.parse(Message);
  } catch (cause) {
    throw new ClearstackError("invalid-request", "not a SNS event: its message is not an event of S3", { cause });
  }
  return isEventBridge(inner) ? readEventBridge(inner) : readS3Records(inner);
}
