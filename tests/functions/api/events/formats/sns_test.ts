import { assertEquals, assertRejects } from "@std/assert";
import { normalise } from "functions/api/events/formats/normalise.ts";
import type { SnsMessage } from "functions/api/events/proofs/sns_signature.ts";
import { signedText } from "functions/api/events/proofs/sns_signature.ts";
import { ClearstackError } from "shared/errors.ts";
import { certificate, deliveryOf, recorded, Senders, signSns, SOURCES, TOPIC } from "../deliveries.ts";

const HOST = "https://sns.us-west-2.amazonaws.com";
const PEM = "SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem";

async function send(message: SnsMessage, senders = new Senders()) {
  const { headers } = await recorded("sns_notification");
  return await normalise(deliveryOf({ headers, body: message }), SOURCES, senders.keys);
}

async function refusal(message: SnsMessage, senders = new Senders()): Promise<string> {
  return (await assertRejects(() => send(message, senders), ClearstackError)).kind;
}

const notification = async (changes: Partial<SnsMessage> = {}): Promise<SnsMessage> =>
  await signSns({ ...(await recorded("sns_notification")).body, ...changes });
const confirmation = async (changes: Partial<SnsMessage> = {}): Promise<SnsMessage> =>
  await signSns({ ...(await recorded("sns_subscription_confirmation")).body, ...changes });

Deno.test("the text that SNS signs is that of its developer guide", async () => {
  const { body } = await recorded("sns_notification");
  assertEquals(
    signedText(body),
    `Message\n${body.Message}\nMessageId\n${body.MessageId}\nSubject\nAmazon S3 Notification\n` +
      `Timestamp\n2012-05-02T00:54:06.655Z\nTopicArn\n${TOPIC}\nType\nNotification\n`,
  );
});

for (const SignatureVersion of ["1", "2"] as const) {
  Deno.test(`a message signed by version ${SignatureVersion} is accepted, and its certificate fetched once`, async () => {
    const senders = new Senders();
    for (let i = 0; i < 3; i++) await send(await notification({ SignatureVersion }), senders);
    assertEquals(senders.asked, [`${HOST}/${PEM}`]);
  });

  Deno.test(`a message changed after version ${SignatureVersion} signed it is refused`, async () => {
    const signed = await notification({ SignatureVersion });
    assertEquals(await refusal({ ...signed, Message: signed.Message.replace("caf", "cup") }), "forbidden");
    assertEquals(await refusal({ ...signed, Subject: "other" }), "forbidden");
    assertEquals(await refusal({ ...signed, Signature: "AAAA" }), "forbidden");
    assertEquals(await refusal({ ...signed, Signature: "not base64!" }), "forbidden");
    const other = SignatureVersion === "1" ? "2" : "1";
    assertEquals(await refusal({ ...signed, SignatureVersion: other }), "forbidden");
  });
}

const EVIL_CERTIFICATES = [
  `https://sns.us-west-2.amazonaws.com.evil.example/${PEM}`,
  `https://evil.example/${PEM}`,
  `https://sns.eu-west-1.amazonaws.com/${PEM}`,
  `http://sns.us-west-2.amazonaws.com/${PEM}`,
  `https://me@sns.us-west-2.amazonaws.com/${PEM}`,
  `https://sns.us-west-2.amazonaws.com:8443/${PEM}`,
  `https://sns.us-west-2.amazonaws.com/bucket/${PEM}`,
  `https://sns.us-west-2.amazonaws.com/${PEM}?Action=x`,
  `https://s3.us-west-2.amazonaws.com/evil/${PEM}`,
  "file:///etc/passwd",
  "",
];

for (const SigningCertURL of EVIL_CERTIFICATES) {
  Deno.test(`a certificate at "${SigningCertURL}" is refused and not fetched`, async () => {
    const senders = new Senders();
    senders.answer = () => new Response(certificate.pem);
    assertEquals(await refusal(await notification({ SigningCertURL }), senders), "forbidden");
    assertEquals(senders.asked, []);
  });
}

Deno.test("a topic that is not configured is refused before anything is fetched", async () => {
  const senders = new Senders();
  const TopicArn = "arn:aws:sns:us-west-2:999999999999:uploads";
  assertEquals(await refusal(await notification({ TopicArn }), senders), "forbidden");
  assertEquals(await refusal(await confirmation({ TopicArn }), senders), "forbidden");
  assertEquals(senders.asked, []);
});

Deno.test("a certificate that cannot be had is a failure of the moment, and asked for again", async () => {
  const senders = new Senders();
  const answer = senders.answer.bind(senders);
  for (const broken of ["<html>", "x".repeat(10)]) {
    senders.answer = () => new Response(broken);
    assertEquals(await refusal(await notification(), senders), "store-unavailable");
  }
  senders.answer = () => new Response("", { status: 503 });
  assertEquals(await refusal(await notification(), senders), "store-unavailable");
  senders.answer = answer;
  assertEquals("uploads" in await send(await notification(), senders), true);
});

Deno.test("a subscription of a configured topic is confirmed once its signature fits", async () => {
  const senders = new Senders();
  assertEquals(await send(await confirmation(), senders), { answer: { subscription: "confirmed" } });
  const [, followed] = senders.asked;
  assertEquals(followed?.startsWith(`${HOST}/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=`), true);
  const forged = { ...await confirmation(), Signature: "AAAA" };
  const wary = new Senders();
  assertEquals(await refusal(forged, wary), "forbidden");
  assertEquals(wary.asked, [`${HOST}/${PEM}`]);
});

const EVIL_LINKS = [
  `https://evil.example/?Action=ConfirmSubscription&TopicArn=${TOPIC}`,
  `https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${TOPIC}`,
  `http://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${TOPIC}`,
  `${HOST}/?Action=Unsubscribe&TopicArn=${TOPIC}`,
  `${HOST}/?Action=ConfirmSubscription&TopicArn=${TOPIC}-other`,
  "http://169.254.169.254/latest/meta-data/",
];

for (const SubscribeURL of EVIL_LINKS) {
  Deno.test(`the link ${SubscribeURL} is not followed, even signed`, async () => {
    const senders = new Senders();
    assertEquals(await refusal(await confirmation({ SubscribeURL }), senders), "forbidden");
    assertEquals(senders.asked, [`${HOST}/${PEM}`]);
  });
}

Deno.test("a message of something else is malformed, an event of EventBridge within one is understood", async () => {
  assertEquals(await refusal(await notification({ Message: "hello" })), "invalid-request");
  assertEquals(await refusal(await notification({ Message: '{"a":1}' })), "invalid-request");
  const Message = JSON.stringify((await recorded("event_bridge_created")).body);
  const normalised = await send(await notification({ Message }));
  assertEquals("uploads" in normalised && normalised.uploads[0]?.version, "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e");
});
