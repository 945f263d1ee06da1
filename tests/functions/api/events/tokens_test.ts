import { assertEquals, assertRejects } from "@std/assert";
import { SignJWT, UnsecuredJWT } from "jose";
import { normalise } from "functions/api/events/formats/normalise.ts";
import { ClearstackError } from "shared/errors.ts";
import { AUDIENCE, deliveryOf, EMAIL, entraToken, googleToken, recorded, Senders, SOURCES } from "./deliveries.ts";

const claims = { iss: "https://accounts.google.com", aud: AUDIENCE, email: EMAIL, email_verified: true };
const HOUR = 3600;
const now = () => Math.floor(Date.now() / 1000);

async function send(file: string, token: string, senders = new Senders()): Promise<string> {
  const { headers, body } = await recorded(file);
  const delivery = deliveryOf({ headers: { ...headers, authorization: `Bearer ${token}` }, body });
  try {
    await normalise(delivery, SOURCES, senders.keys);
    return "accepted";
  } catch (error) {
    if (!(error instanceof ClearstackError)) throw error;
    return error.kind;
  }
}

const GOOGLE: readonly (readonly [string, () => Promise<string> | string, string])[] = [
  ["as Google signs it", () => googleToken(), "accepted"],
  ["of the issuer without a scheme", () => googleToken({ iss: "accounts.google.com" }), "accepted"],
  ["that has expired", () => googleToken({ exp: now() - HOUR }), "unauthenticated"],
  ["that never expires", () => googleToken({ exp: undefined }), "unauthenticated"],
  ["that is not good yet", () => googleToken({ nbf: now() + HOUR }), "unauthenticated"],
  ["for another audience", () => googleToken({ aud: "https://elsewhere.example" }), "unauthenticated"],
  ["of another issuer", () => googleToken({ iss: "https://accounts.evil.example" }), "unauthenticated"],
  ["of another account", () => googleToken({ email: "me@evil.example" }), "forbidden"],
  ["of an address that was not verified", () => googleToken({ email_verified: false }), "forbidden"],
  ["that says verified as text", () => googleToken({ email_verified: "true" }), "forbidden"],
  ["by a key that Google does not have", () => googleToken({}, { kid: "2" }), "unauthenticated"],
  ["signed by nobody", () => new UnsecuredJWT(claims).setExpirationTime("1h").encode(), "unauthenticated"],
  ["with a secret as its key", () => byHmac(), "unauthenticated"],
  ["that was changed", async () => (await googleToken()).replace(/\.[^.]{4}/, ".eyJz"), "unauthenticated"],
  ["that is no token", () => "a.b.c", "unauthenticated"],
];

async function byHmac(): Promise<string> {
  return await new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: "1" }).setExpirationTime("1h")
    .sign(new TextEncoder().encode("the public key, as text, is often tried as this secret"));
}

for (const [what, token, outcome] of GOOGLE) {
  Deno.test(`Pub/Sub and Eventarc with a token ${what}: ${outcome}`, async () => {
    assertEquals(await send("pub_sub_finalize", await token()), outcome);
    assertEquals(await send("eventarc_binary", await token()), outcome);
  });
}

const ENTRA: readonly (readonly [string, () => Promise<string>, string])[] = [
  ["of Event Grid", () => entraToken(), "accepted"],
  [
    "of Event Grid, version 1",
    () =>
      entraToken({
        iss: "https://sts.windows.net/aaaabbbb-0000-cccc-1111-dddd2222eeee/",
        azp: undefined,
        appid: "4962773b-9cdb-44cf-a8bf-237846a00ab7",
      }),
    "accepted",
  ],
  ["of another application", () => entraToken({ azp: "00000000-0000-0000-0000-000000000001" }), "forbidden"],
  ["of another tenant", () => entraToken({ iss: "https://login.microsoftonline.com/0/v2.0" }), "unauthenticated"],
  ["that has expired", () => entraToken({ exp: now() - HOUR }), "unauthenticated"],
];

for (const [what, token, outcome] of ENTRA) {
  Deno.test(`Event Grid with a token ${what}: ${outcome}`, async () => {
    assertEquals(await send("event_grid_created", await token()), outcome);
  });
}

Deno.test("keys are fetched once for many tokens", async () => {
  const senders = new Senders();
  for (let i = 0; i < 5; i++) await send("pub_sub_finalize", await googleToken(), senders);
  assertEquals(senders.asked, ["https://www.googleapis.com/oauth2/v3/certs"]);
});

Deno.test("keys that cannot be fetched are a failure of the moment, not of the sender", async () => {
  const senders = new Senders();
  senders.answer = () => new Response("out of order", { status: 500 });
  assertEquals(await send("pub_sub_finalize", await googleToken(), senders), "store-unavailable");
  senders.answer = () => {
    throw new TypeError("no route to host");
  };
  assertEquals(await send("pub_sub_finalize", await googleToken(), senders), "store-unavailable");
});

Deno.test("the answer to Event Grid's question comes only after its sender is known", async () => {
  const { headers, body } = await recorded("event_grid_validation");
  const { keys } = new Senders();
  await assertRejects(() => normalise(deliveryOf({ headers, body }), SOURCES, keys), ClearstackError, "must present");
  const authorization = `Bearer ${await entraToken()}`;
  const answer = await normalise(deliveryOf({ headers: { ...headers, authorization }, body }), SOURCES, keys);
  assertEquals(answer, { answer: { validationResponse: "512d38b6-c7b8-40c8-89fe-f46f9e9622b6" } });
});
