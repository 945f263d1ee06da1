/** Recorded deliveries, and senders that may send them. */
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { JWTPayload } from "jose";
import type { Delivery } from "functions/api/events/formats/event_format.ts";
import type { EventSources } from "functions/api/events/event_sources.ts";
import { EventSourcesSchema } from "functions/api/events/event_sources.ts";
import { SenderKeys } from "functions/api/events/proofs/sender_keys.ts";
import type { SnsMessage } from "functions/api/events/proofs/sns_signature.ts";
import { signedText } from "functions/api/events/proofs/sns_signature.ts";
import type { TestCertificate } from "../../../fixtures/servers/certificate.ts";
import { testCertificate } from "../../../fixtures/servers/certificate.ts";

/** What was recorded. */
export interface Recorded {
  readonly headers: Record<string, string>;
  // deno-lint-ignore no-explicit-any -- tests change whatever they like in it
  readonly body: any;
}

/** Reads a recorded delivery. */
export async function recorded(name: string): Promise<Recorded> {
  const path = new URL(`../../../fixtures/events/${name}.json`, import.meta.url);
  return JSON.parse(await Deno.readTextFile(path));
}

export const SECRET = "secret-of-this-test";
export const TOPIC = "arn:aws:sns:us-west-2:123456789012:uploads";
export const AUDIENCE = "https://clearstack.example/v1/events";
export const EMAIL = "uploads@my-project.iam.gserviceaccount.com";
export const TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
const EVENT_GRID = "4962773b-9cdb-44cf-a8bf-237846a00ab7";
const KEYS_URL = "https://www.googleapis.com/oauth2/v3/certs";
const ENTRA_KEYS_URL = `https://login.microsoftonline.com/${TENANT}/discovery/v2.0/keys`;

const secretSha256 = [new Uint8Array(
  await crypto.subtle.digest("SHA-256", new TextEncoder().encode(SECRET)),
).toHex()];

/** Everything configured. */
export const SOURCES: EventSources = EventSourcesSchema.parse({
  sns: { topics: [TOPIC] },
  s3: { secretSha256 },
  minio: { secretSha256 },
  eventbridge: { secretSha256 },
  pubsub: { audience: AUDIENCE, emails: [EMAIL] },
  cloudevents: { token: { audience: AUDIENCE, emails: [EMAIL] }, secretSha256 },
  eventgrid: { entra: { tenant: TENANT, audience: AUDIENCE }, secretSha256 },
});

const { privateKey, publicKey } = await generateKeyPair("RS256");
const jwks = JSON.stringify({ keys: [{ ...await exportJWK(publicKey), kid: "1", alg: "RS256", use: "sig" }] });
/** The certificate of SNS in these tests. */
export const certificate: TestCertificate = await testCertificate();

/** Hosts of the senders; counts what is asked. */
export class Senders {
  readonly asked: string[] = [];
  readonly keys = new SenderKeys(
    ((input: string | URL | Request) => {
      const url = String(input instanceof Request ? input.url : input);
      this.asked.push(url);
      return Promise.resolve(this.answer(url));
    }) as typeof fetch,
  );

  answer(url: string): Response {
    if (url === KEYS_URL || url === ENTRA_KEYS_URL) return new Response(jwks);
    if (url.startsWith("https://sns.us-west-2.amazonaws.com/SimpleNotificationService-")) {
      return new Response(certificate.pem);
    }
    if (url.startsWith("https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription")) return new Response("<ok/>");
    return new Response("no such thing", { status: 404 });
  }
}

/** A token of Google, changed as asked. */
export async function googleToken(
  changes: Readonly<Record<string, unknown>> = {},
  header: Record<string, string> = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: "https://accounts.google.com", aud: AUDIENCE, email: EMAIL, email_verified: true, sub: "1" };
  return await new SignJWT({ ...claims, iat: now, exp: now + 600, ...changes } as JWTPayload)
    .setProtectedHeader({ alg: "RS256", kid: "1", ...header }).sign(privateKey);
}

/** A token that Entra gives Event Grid, changed as asked. */
export function entraToken(changes: Readonly<Record<string, unknown>> = {}): Promise<string> {
  return googleToken({ iss: `https://login.microsoftonline.com/${TENANT}/v2.0`, azp: EVENT_GRID, ...changes });
}

/** Signs a message as SNS would. */
export async function signSns(message: SnsMessage): Promise<SnsMessage> {
  const hash = message.SignatureVersion === "1" ? "SHA-1" : "SHA-256";
  return { ...message, Signature: await certificate.sign(signedText(message), hash) };
}

/** How a sender proves itself. */
export type Proof = (delivery: Recorded) => Promise<Recorded> | Recorded;

const withHeader = (delivery: Recorded, name: string, value: string): Recorded => ({
  ...delivery,
  headers: { ...delivery.headers, [name]: value },
});

/** Proofs by name. */
export const PROOFS = {
  none: (delivery) => delivery,
  bearer: (delivery) => withHeader(delivery, "authorization", `Bearer ${SECRET}`),
  apiKey: (delivery) => withHeader(delivery, "x-api-key", SECRET),
  basic: (delivery) => withHeader(delivery, "authorization", `Basic ${btoa(`anybody:${SECRET}`)}`),
  google: async (delivery) => withHeader(delivery, "authorization", `Bearer ${await googleToken()}`),
  entra: async (delivery) => withHeader(delivery, "authorization", `Bearer ${await entraToken()}`),
  sns: async (delivery) => ({ ...delivery, body: await signSns(delivery.body) }),
} satisfies Record<string, Proof>;

/** A delivery as the formats see it. */
export function deliveryOf({ headers, body }: Recorded, query = ""): Delivery {
  return { headers: new Headers(headers), query: new URLSearchParams(query), body };
}
