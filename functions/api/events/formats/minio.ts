/** Events of MinIO's webhook target: S3's records with the kind of event and the key once more before them. */
import { type EventFormat, hasMembers } from "./event_format.ts";
import { readS3Records } from "./s3_records.ts";
import { requireSecret } from "../proofs/shared_secret.ts";

export const minio: EventFormat = {
  name: "minio",
  recognise: ({ body }) => hasMembers(body, "EventName", "Key", "Records"),
  open: ({ minio: settings }) =>
    settings && {
      authenticate: (delivery) => requireSecret(delivery, settings.secretSha256),
      normalise: ({ body }) => readS3Records(body),
    },
};
