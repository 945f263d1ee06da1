/**
 * Signatures of Amazon SNS: RSA over certain members, with SHA-1 in version 1 and SHA-256 in version 2. See "Verifying the
 * signatures of Amazon SNS messages" in the developer guide.
 */
import { z } from "zod";
import { ClearstackError } from "shared/errors.ts";
import type { SenderKeys } from "./sender_keys.ts";

/** Message that SNS posts. */
export const SnsMessageSchema = z.object({
  Type: z.enum(["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]),
  MessageId: z.string(),
  TopicArn: z.string(),
  Message: z.string(),
  Timestamp: z.string(),
  Subject: z.string().nullish(),
  Token: z.string().optional(),
  SubscribeURL: z.string().optional(),
  SignatureVersion: z.enum(["1", "2"]),
  Signature: z.string(),
  SigningCertURL: z.string(),
});
export type SnsMessage = z.infer<typeof SnsMessageSchema>;

const SIGNED_OF_NOTIFICATION = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"] as const;
const SIGNED_OF_OTHERS = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"] as const;

/** @throws {ClearstackError} `forbidden` unless SNS itself signed the message for its topic */
export async function requireSignature(message: SnsMessage, keys: SenderKeys): Promise<void> {
  const url = snsUrl(message.SigningCertURL, message.TopicArn);
  if (!/^\/SimpleNotificationService-[0-9a-zA-Z]+\.pem$/.test(url.pathname) || url.search !== "") {
    throw new ClearstackError("forbidden", "the certificate that a message of SNS names is not one of SNS");
  }
  const hash = message.SignatureVersion === "1" ? "SHA-1" : "SHA-256";
  const signed = new TextEncoder().encode(signedText(message));
  if (await keys.verify(url, hash, decodeSignature(message.Signature), signed)) return;
  throw new ClearstackError("forbidden", "the signature of a message of SNS does not fit it");
}

/** Text that SNS signs: names and values of the members in order, each on a line of its own. */
export function signedText(message: SnsMessage): string {
  const names = message.Type === "Notification" ? SIGNED_OF_NOTIFICATION : SIGNED_OF_OTHERS;
  return names.flatMap((name) => message[name] == null ? [] : [`${name}\n${message[name]}\n`]).join("");
}

/** A URL on the host of SNS in the region of a topic. @throws {ClearstackError} `forbidden` for any other */
export function snsUrl(text: string, topicArn: string): URL {
  const [, partition, , region] = topicArn.split(":");
  const host = `sns.${region}.amazonaws.com${partition === "aws-cn" ? ".cn" : ""}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const pinned = url?.protocol === "https:" && url.host === host && url.username === "" && url.password === "";
  if (url && pinned) return url;
  throw new ClearstackError("forbidden", `a message of SNS names a URL that is not on https://${host}`);
}

function decodeSignature(text: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return new Uint8Array();
  }
}
