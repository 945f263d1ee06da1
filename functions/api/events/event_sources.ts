/** Senders of upload events, format by format. A format that is not named here is refused. */
import { z } from "zod";

const SHA256 = z.string().regex(/^[0-9a-f]{64}$/, "expected the SHA-256 of a secret as 64 hexadecimal digits");

/** Secrets that senders present; only their hashes are configured. Several, so that they can be changed without a gap. */
const Secrets = z.array(SHA256).min(1, "name at least one secret").max(16);

const SecretSettingsSchema = z.strictObject({ secretSha256: Secrets });

const httpsUrl = z.url({ protocol: /^https$/, error: "expected an https URL" });

/** Tokens of OpenID Connect. */
const TokenSettingsSchema = z.strictObject({
  audience: z.string().min(1).describe("what `aud` must be"),
  emails: z.array(z.email()).max(100).default([]).describe("service accounts that may send; Google"),
  subjects: z.array(z.string().min(1)).max(100).default([]).describe("`sub` of who may send, where there is no email"),
  issuer: z.string().min(1).default("https://accounts.google.com"),
  keysUrl: httpsUrl.default("https://www.googleapis.com/oauth2/v3/certs"),
}).refine(({ emails, subjects }) => emails.length + subjects.length > 0, "name the emails or subjects that may send");
export type TokenSettings = z.infer<typeof TokenSettingsSchema>;

/** Tokens that Microsoft Entra issues to Event Grid. */
const EntraSettingsSchema = z.strictObject({
  tenant: z.guid(),
  audience: z.string().min(1).describe("application id or URI of this service in Entra"),
  applications: z.array(z.guid()).min(1).default(["4962773b-9cdb-44cf-a8bf-237846a00ab7"])
    .describe("who may send; Azure Event Grid itself"),
});
export type EntraSettings = z.infer<typeof EntraSettingsSchema>;

const atLeastOne = (value: object) => Object.values(value).some((one) => one !== undefined);

/** The part `sources` of the configuration. */
export const EventSourcesSchema = z.strictObject({
  sns: z.strictObject({
    topics: z.array(z.string().regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]+$/, "expected the ARN of a topic"))
      .min(1).max(1000),
  }),
  s3: SecretSettingsSchema,
  minio: SecretSettingsSchema,
  eventbridge: SecretSettingsSchema,
  pubsub: TokenSettingsSchema,
  cloudevents: z.strictObject({ token: TokenSettingsSchema.optional(), secretSha256: Secrets.optional() })
    .refine(atLeastOne, "name a token or a secret"),
  eventgrid: z.strictObject({ entra: EntraSettingsSchema.optional(), secretSha256: Secrets.optional() })
    .refine(atLeastOne, "name entra or a secret"),
}).partial();
export type EventSources = z.infer<typeof EventSourcesSchema>;
