/** Who sends an event, told before its body has come. */
import type { EventSources } from "../event_sources.ts";
import type { Delivery } from "../formats/event_format.ts";
import type { SenderKeys } from "./sender_keys.ts";
import { requireEntraToken, requireToken } from "./sender_token.ts";
import { bearerToken, requireSecret } from "./shared_secret.ts";

/**
 * True if headers or query hold a secret or a token of any sender that is configured. Amazon SNS signs the body instead, so its
 * deliveries are known only once they have come; and what this lets in, its format still has to let pass.
 */
export async function isKnownSender(
  delivery: Omit<Delivery, "body">,
  { s3, minio, eventbridge, cloudevents, eventgrid, pubsub }: EventSources,
  keys: SenderKeys,
): Promise<boolean> {
  const proved = async (proof: (delivery: Delivery) => Promise<void>) => {
    try {
      await proof({ ...delivery, body: undefined });
      return true;
    } catch {
      return false;
    }
  };
  const hashes = [s3, minio, eventbridge, cloudevents, eventgrid].flatMap((source) => source?.secretSha256 ?? []);
  if (await proved((given) => requireSecret(given, hashes))) return true;
  if (!bearerToken({ ...delivery, body: undefined })?.includes(".")) return false;
  for (const token of [pubsub, cloudevents?.token]) {
    if (token && await proved((given) => requireToken(given, token, keys))) return true;
  }
  const entra = eventgrid?.entra;
  return entra !== undefined && await proved((given) => requireEntraToken(given, entra, keys));
}
