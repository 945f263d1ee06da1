/** From an HTTP request to uploads: which format it is, whether its sender may send, and what it tells of. */
import { ClearstackError } from "shared/errors.ts";
import { cloudEvents } from "./cloud_events.ts";
import { eventBridge } from "./event_bridge.ts";
import { type Delivery, type EventFormat, readEach } from "./event_format.ts";
import { eventGrid } from "./event_grid.ts";
import type { EventSources } from "../event_sources.ts";
import { minio } from "./minio.ts";
import { pubSub } from "./pub_sub.ts";
import { s3Records } from "./s3_records.ts";
import type { SenderKeys } from "../proofs/sender_keys.ts";
import { sns } from "./sns.ts";
import { checkUpload, type UploadEvent } from "./upload_event.ts";

/** In the order in which they are tried: an event may be wrapped in another. */
const FORMATS: readonly EventFormat[] = [sns, cloudEvents, eventGrid, minio, eventBridge, pubSub, s3Records];

type Normalised =
  | { readonly answer: Record<string, string> }
  | { readonly uploads: readonly UploadEvent[]; readonly refused: readonly ClearstackError[] };

/**
 * Reads a delivery; nothing of it is used before its sender was authenticated.
 *
 * @throws {ClearstackError} `invalid-request`, `unauthenticated`, `forbidden`; `store-unavailable` if a sender's keys cannot
 * be fetched
 */
export async function normalise(delivery: Delivery, sources: EventSources, keys: SenderKeys): Promise<Normalised> {
  const format = FORMATS.find((one) => one.recognise(delivery));
  if (format === undefined) {
    throw new ClearstackError("invalid-request", "the body is not an upload event of a format that is known here");
  }
  const open = format.open(sources, keys);
  if (open === undefined) {
    throw new ClearstackError(
      "forbidden",
      `${format.name} events are not accepted here: configure sources.${format.name}`,
    );
  }
  await open.authenticate(delivery);
  const answer = await open.handshake?.(delivery);
  if (answer) return { answer };
  const uploads: UploadEvent[] = [];
  const refused: ClearstackError[] = [];
  for (const read of readEach(open.normalise(delivery), (one) => [one instanceof Error ? one : checkUpload(one)])) {
    if (read instanceof Error) refused.push(read);
    else uploads.push(read);
  }
  return { uploads, refused };
}

/**
 * Checks who asks whether CloudEvents may be sent here.
 *
 * @throws {ClearstackError} as {@link normalise}
 */
export async function authenticateProbe(delivery: Delivery, sources: EventSources, keys: SenderKeys): Promise<void> {
  const open = cloudEvents.open(sources, keys);
  if (!open) throw new ClearstackError("forbidden", "cloudevents are not accepted here: configure sources.cloudevents");
  await open.authenticate(delivery);
}
