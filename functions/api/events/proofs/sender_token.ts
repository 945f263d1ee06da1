/** Senders that prove themselves by a token of their provider. */
import { ClearstackError } from "shared/errors.ts";
import type { Delivery } from "../formats/event_format.ts";
import type { EntraSettings, TokenSettings } from "../event_sources.ts";
import type { SenderKeys } from "./sender_keys.ts";
import { bearerToken } from "./shared_secret.ts";

/** @throws {ClearstackError} `unauthenticated` without a valid token, `forbidden` with one of somebody else */
export async function requireToken(delivery: Delivery, settings: TokenSettings, keys: SenderKeys): Promise<void> {
  const { issuer, audience, keysUrl, emails, subjects } = settings;
  // Google signs with and without the scheme.
  const issuers = issuer === "https://accounts.google.com" ? [issuer, "accounts.google.com"] : [issuer];
  const { email, email_verified: verified, sub } = await keys.claims(presented(delivery), {
    ...{ keysUrl, audience, issuer: issuers },
  });
  if (typeof email === "string" && verified === true && emails.includes(email)) return;
  if (typeof sub === "string" && subjects.includes(sub)) return;
  throw new ClearstackError("forbidden", "the sender's token is of an account that may not send events here");
}

/** @throws {ClearstackError} `unauthenticated` without a valid token, `forbidden` with one of another application */
export async function requireEntraToken(delivery: Delivery, settings: EntraSettings, keys: SenderKeys): Promise<void> {
  const { tenant, audience, applications } = settings;
  const { appid, azp } = await keys.claims(presented(delivery), {
    keysUrl: `https://login.microsoftonline.com/${tenant}/discovery/v2.0/keys`,
    // Of tokens of version 2 and 1.
    issuer: [`https://login.microsoftonline.com/${tenant}/v2.0`, `https://sts.windows.net/${tenant}/`],
    audience,
  });
  if (applications.some((application) => application === azp || application === appid)) return;
  throw new ClearstackError("forbidden", "the sender's token is of an application that may not send events here");
}

function presented(delivery: Delivery): string {
  const token = bearerToken(delivery);
  if (token !== undefined) return token;
  throw new ClearstackError("unauthenticated", "the sender of an event must present its token");
}
