/** Credentials that a program passes: each call uses its own. */
import { assertEquals, assertRejects } from "@std/assert";
import { ClearstackError, planJob } from "@clearstack/clearstack";

Deno.test("jobs at the same time use the credentials that each was given", async () => {
  const seen = new Set<string>();
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const [, key] = /Credential=(\w+)\//.exec(request.headers.get("authorization") ?? "") ?? [];
    seen.add(`${new URL(request.url).pathname.split("/")[1]} ${key}`);
    return new Response("<Error><Code>NoSuchKey</Code></Error>", { status: 404 });
  });
  const psf = { data: new Float32Array([1, 2, 1]), shape: [1, 1, 3], axes: "zyx" };
  await Promise.all(["ada", "bob"].map((name) => {
    const variables: Record<string, string> = {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${server.addr.port}`,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: `KEYOF${name}`,
      AWS_SECRET_ACCESS_KEY: "secret",
    };
    const environment = { env: (variable: string) => variables[variable] };
    return assertRejects(
      () => planJob(`s3://${name}/image.zarr`, psf, { environment, backend: "cpu" }),
      ClearstackError,
      "does not exist",
    );
  }));
  assertEquals([...seen].sort(), ["ada KEYOFada", "bob KEYOFbob"]);
});
