/** Events of Azure Blob Storage in Event Grid's own schema. */
import { z } from "zod";
import { type Delivery, type EventFormat, hasMembers, parseEvent, readEach } from "./event_format.ts";
import { requireSecret } from "../proofs/shared_secret.ts";
import { requireEntraToken } from "../proofs/sender_token.ts";
import { ClearstackError } from "shared/errors.ts";
import type { UploadEvent } from "./upload_event.ts";

/** Uploads are announced by this kind, and by Data Lake and SFTP also files that are created and still empty, see {@link readBlob}. */
export const BLOB_CREATED = "Microsoft.Storage.BlobCreated";

const EventsSchema = z.array(z.unknown()).min(1);

const KindSchema = z.object({ eventType: z.string() });

const CreatedSchema = z.object({
  id: z.string(),
  topic: z.string(),
  subject: z.string(),
  data: z.unknown(),
});

const BlobSchema = z.object({ eTag: z.string(), api: z.string().optional().describe("what created it") });

/** They are followed by another event, `FlushWithClose` or `SftpCommit`, once the file is written. */
const STILL_EMPTY: readonly (string | undefined)[] = ["CreateFile", "SftpCreate"];

const QUESTION = "Microsoft.EventGrid.SubscriptionValidationEvent";

const ValidationSchema = z.object({ data: z.object({ validationCode: z.string().max(512) }) });

export const eventGrid: EventFormat = {
  name: "eventgrid",
  recognise: ({ headers, body }) => headers.has("aeg-event-type") && Array.isArray(body) || isEventGrid(body),
  open: ({ eventgrid: settings }, keys) =>
    settings && {
      authenticate: async (delivery) => {
        const { entra, secretSha256 } = settings;
        if (secretSha256 && (!entra || delivery.query.has("secret"))) await requireSecret(delivery, secretSha256);
        else if (entra) await requireEntraToken(delivery, entra, keys);
      },
      handshake,
      normalise: ({ body }) =>
        readEach(parseEvent("Event Grid", EventsSchema, body), (event) => {
          const { eventType } = parseEvent("Event Grid", KindSchema, event);
          return eventType === BLOB_CREATED ? readCreated(event) : [];
        }),
    },
};

function isEventGrid(body: unknown): boolean {
  return Array.isArray(body) && hasMembers(body[0], "eventType", "data", "subject");
}

/** Event Grid asks a new endpoint to repeat a code; the sender has been authenticated by then. */
function handshake({ body }: Delivery): Promise<Record<string, string> | undefined> {
  const [first] = parseEvent("Event Grid", EventsSchema, body);
  const isQuestion = hasMembers(first, "eventType") && first.eventType === QUESTION;
  if (!isQuestion) return Promise.resolve(undefined);
  const { data: { validationCode } } = parseEvent("Event Grid", ValidationSchema, first);
  return Promise.resolve({ validationResponse: validationCode });
}

function readCreated(event: unknown): UploadEvent[] {
  const { id, topic, subject, data } = parseEvent("Event Grid", CreatedSchema, event);
  return readBlob({ id, resource: topic, subject, data });
}

interface BlobEvent {
  readonly id: string;
  /** The storage account. */
  readonly resource: string;
  readonly subject: string;
  readonly data: unknown;
}

/** The upload that an event of the kind {@link BLOB_CREATED} tells of, in either schema; none while its file is still empty. */
export function readBlob({ id, resource, subject, data }: BlobEvent): UploadEvent[] {
  const { eTag, api } = parseEvent("Event Grid", BlobSchema, data);
  return STILL_EMPTY.includes(api) ? [] : [{ ...blobOf(resource, subject), version: blobVersion(eTag), id }];
}

/** The account from the resource that an event is of, container and key from its subject, which states them as they are. */
function blobOf(resource: string, subject: string): Pick<UploadEvent, "provider" | "bucket" | "key"> {
  const account = /\/storageAccounts\/([a-z0-9]+)$/i.exec(resource)?.[1]?.toLowerCase();
  const [, container, key] = /^\/blobServices\/default\/containers\/([^/]+)\/blobs\/(.+)$/s.exec(subject) ?? [];
  if (account === undefined || container === undefined || key === undefined) {
    throw new ClearstackError("invalid-request", "not an Event Grid event: it names no blob of a storage account");
  }
  return { provider: "az", bucket: `${account}/${container}`, key };
}

/** Azure states the same tag with and without quotes and `0x`. */
function blobVersion(eTag: string): string {
  return eTag.replaceAll('"', "").replace(/^0x/i, "").toLowerCase();
}
