import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { awsCredentials } from "shared/storage/credentials/aws_credentials.ts";
import { cannedEnvironment } from "../../../fixtures/servers/canned_fetch.ts";
import { openStore } from "../../../stores.ts";

const HOUR = 3_600_000;
const START = Date.parse("2026-01-01T00:00:00Z");

function keysJson(id: string, expiresAt: number): string {
  const Expiration = new Date(expiresAt).toISOString();
  return JSON.stringify({ AccessKeyId: id, SecretAccessKey: "secret", Token: "token", Expiration });
}

async function withFile(text: string, use: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, text);
    await use(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("static keys come first and are sent with their session token", async () => {
  const environment = cannedEnvironment({
    AWS_ACCESS_KEY_ID: "AK",
    AWS_SECRET_ACCESS_KEY: "very-secret",
    AWS_SESSION_TOKEN: "session",
    AWS_REGION: "eu-central-1",
  }, () => new Response("body"));
  assertEquals(await openStore("s3://bucket/x", { environment }).get("k"), new TextEncoder().encode("body"));
  const { url, headers } = environment.sent[0]!;
  assertEquals(url, "https://bucket.s3.eu-central-1.amazonaws.com/x/k");
  assertEquals(headers.get("x-amz-security-token"), "session");
  assertStringIncludes(headers.get("authorization")!, "/eu-central-1/s3/aws4_request");
  assertEquals(JSON.stringify([url, ...headers]).includes("very-secret"), false);
});

Deno.test("a web identity token is exchanged at the region's STS, and again before the keys expire", () =>
  withFile("jwt-of-the-pod\n", async (path) => {
    let now = START;
    let issued = 0;
    const environment = cannedEnvironment(
      { AWS_WEB_IDENTITY_TOKEN_FILE: path, AWS_ROLE_ARN: "arn:aws:iam::1:role/r", AWS_REGION: "eu-west-1" },
      () =>
        new Response(
          `<R><Credentials><AccessKeyId>AK${++issued}</AccessKeyId><SecretAccessKey>a&amp;b</SecretAccessKey>` +
            `<SessionToken>t</SessionToken><Expiration>${
              new Date(now + HOUR).toISOString()
            }</Expiration></Credentials></R>`,
        ),
      () => now,
    );
    const credentials = awsCredentials(environment);
    const id = async () => {
      const keys = await credentials.get();
      return keys.anonymous ? "" : keys.accessKeyId;
    };
    assertEquals(await Promise.all([id(), id(), id()]), ["AK1", "AK1", "AK1"]);
    now = START + HOUR - 6 * 60_000;
    assertEquals(await id(), "AK1");
    now = START + HOUR - 4 * 60_000;
    assertEquals(await id(), "AK2");
    const [first] = environment.sent;
    assertEquals(first!.url, "https://sts.eu-west-1.amazonaws.com/");
    assertEquals(new URLSearchParams(first!.body).get("WebIdentityToken"), "jwt-of-the-pod");
    assertEquals(environment.sent.length, 2);
  }));

Deno.test("a container's credentials are fetched with its token, and only from this machine or by https", () =>
  withFile("pod-token", async (path) => {
    const variables = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials",
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: path,
    };
    const environment = cannedEnvironment(variables, () => new Response(keysJson("AK", Date.now() + HOUR)));
    const keys = await awsCredentials(environment).get();
    assertEquals(keys.anonymous ? "" : keys.accessKeyId, "AK");
    assertEquals(environment.sent[0]!.headers.get("authorization"), "pod-token");

    const elsewhere = { ...variables, AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://example.com/credentials" };
    const foreign = cannedEnvironment(elsewhere, () => new Response("{}"));
    const error = await assertRejects(() => awsCredentials(foreign).get(), ClearstackError);
    assertEquals(error.kind, "invalid-request");
    assertEquals(foreign.sent.length, 0);
  }));

Deno.test("an instance's role is asked for by version 2 of the metadata service", async () => {
  const environment = cannedEnvironment({}, ({ method, url, headers }) => {
    if (method === "PUT" && url.endsWith("/latest/api/token")) return new Response("imds-token");
    if (headers.get("x-aws-ec2-metadata-token") !== "imds-token") return new Response(null, { status: 401 });
    if (url.endsWith("/security-credentials/")) return new Response("my-role");
    return url.endsWith("/my-role") ? new Response(keysJson("AK", Date.now() + HOUR)) : undefined;
  });
  const keys = await awsCredentials(environment).get();
  assertEquals(keys.anonymous ? "" : keys.sessionToken, "token");
  assertEquals(environment.sent.every(({ url }) => url.startsWith("http://169.254.169.254/latest/")), true);
});

Deno.test("without any credentials the error says how to give some, or how to read public buckets", async () => {
  const environment = cannedEnvironment({}, () => undefined);
  const error = await assertRejects(() => openStore("s3://bucket/x", { environment }).get("k"), ClearstackError);
  assertEquals(error.kind, "forbidden");
  assertStringIncludes(error.message, "AWS_NO_SIGN_REQUEST=true");
  assertEquals(environment.sent.length, 1);
});

Deno.test("a profile of the AWS command line is used, and one that holds no keys is explained", () =>
  withFile(
    "[default]\naws_access_key_id = AK\naws_secret_access_key=S K\n\n[other]\nlogin_session = x\n",
    async (path) => {
      const files = { AWS_SHARED_CREDENTIALS_FILE: path, AWS_CONFIG_FILE: "/nowhere" };
      const keys = await awsCredentials(cannedEnvironment(files, () => undefined)).get();
      assertEquals(keys, { anonymous: false, accessKeyId: "AK", secretAccessKey: "S K" });
      const other = cannedEnvironment({ ...files, AWS_PROFILE: "other" }, () => undefined);
      const error = await assertRejects(() => awsCredentials(other).get(), ClearstackError);
      assertStringIncludes(error.message, "aws configure export-credentials --profile other");
    },
  ));

Deno.test("keys that a server calls expired are renewed once and the request repeated", async () => {
  let issued = 0;
  const environment = cannedEnvironment(
    { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/creds", AWS_ENDPOINT_URL: "https://store.example" },
    ({ url, headers }) => {
      if (url.endsWith("/creds")) return new Response(keysJson(`AK${++issued}`, Date.now() + HOUR));
      return headers.get("authorization")!.includes("AK1/")
        ? new Response("<Error><Code>ExpiredToken</Code></Error>", { status: 403 })
        : new Response("body");
    },
  );
  const store = openStore("s3://bucket/x", { environment, backoffMs: 1 });
  assertEquals((await store.get("k"))?.length, 4);
  assertEquals(issued, 2);
});

Deno.test("a bucket in another region is found there, and later requests go there at once", async () => {
  const environment = cannedEnvironment(
    { AWS_ACCESS_KEY_ID: "AK", AWS_SECRET_ACCESS_KEY: "S" },
    ({ url }) =>
      url.includes(".s3.ap-south-1.")
        ? new Response("body")
        : new Response(null, { status: 301, headers: { "x-amz-bucket-region": "ap-south-1", location: "https://x" } }),
  );
  const open = () => openStore("s3://bucket/x", { environment, backoffMs: 1 });
  assertEquals((await open().get("k"))?.length, 4);
  assertEquals((await open().get("k"))?.length, 4);
  assertEquals(environment.sent.map(({ url }) => new URL(url).host), [
    "bucket.s3.us-east-1.amazonaws.com",
    "bucket.s3.ap-south-1.amazonaws.com",
    "bucket.s3.ap-south-1.amazonaws.com",
  ]);
  assertStringIncludes(environment.sent[1]!.headers.get("authorization")!, "/ap-south-1/s3/");
});

Deno.test("a redirect by another server is not followed, and says which region to set", async () => {
  const environment = cannedEnvironment(
    { AWS_ACCESS_KEY_ID: "AK", AWS_SECRET_ACCESS_KEY: "S", AWS_ENDPOINT_URL: "https://store.example" },
    () =>
      new Response(null, { status: 307, headers: { "x-amz-bucket-region": "two", location: "https://evil.example" } }),
  );
  const error = await assertRejects(() => openStore("s3://bucket/x", { environment }).get("k"), ClearstackError);
  assertEquals(error.kind, "invalid-request");
  assertStringIncludes(error.message, "set AWS_REGION=two");
  assertEquals(environment.sent.length, 1);
});

Deno.test("where an endpoint is given the bucket is in the path, unless path style is switched off", async () => {
  const variables = { AWS_NO_SIGN_REQUEST: "true", AWS_ENDPOINT_URL: "https://store.example/base" };
  const hostOf = async (more: Record<string, string>, url: string) => {
    const environment = cannedEnvironment({ ...variables, ...more }, () => new Response("x"));
    await openStore(url, { environment }).get("k");
    return environment.sent[0]!.url;
  };
  assertEquals(await hostOf({}, "s3://bucket/x"), "https://store.example/base/bucket/x/k");
  assertEquals(
    await hostOf({ AWS_S3_FORCE_PATH_STYLE: "false" }, "s3://bucket/x"),
    "https://bucket.store.example/base/x/k",
  );
  assertEquals(
    await hostOf({ AWS_S3_FORCE_PATH_STYLE: "false" }, "s3://a.b/x"),
    "https://store.example/base/a.b/x/k",
  );
});

Deno.test("credentials in a URL are refused and not repeated", () => {
  for (const url of ["s3://AK:hush@bucket/x", "gs://bucket/x?token=hush", "az://account/container/x?sig=hush"]) {
    let message = "";
    try {
      openStore(url, { environment: cannedEnvironment({}, () => undefined) });
    } catch (error) {
      message = (error as ClearstackError).message;
    }
    assertStringIncludes(message, "never from a URL");
    assertEquals(message.includes("hush"), false);
  }
});

Deno.test("damage on the way is noticed by the checksum that the server keeps", async () => {
  const variables = { AWS_NO_SIGN_REQUEST: "true" };
  const whole = new TextEncoder().encode("hello");
  const answers = ["hellp", "hello"];
  const environment = cannedEnvironment(
    variables,
    // CRC-32 of "hello" is 0x3610a686.
    () => new Response(answers.shift(), { headers: { "x-amz-checksum-crc32": "NhCmhg==" } }),
  );
  assertEquals(await openStore("s3://bucket/x", { environment, backoffMs: 1 }).get("k"), whole);
  assertEquals(environment.sent.length, 2);
});
