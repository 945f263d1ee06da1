import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { ClearstackError } from "shared/errors.ts";
import { type AzAccount, azAccount, azPlace } from "shared/storage/az/az_address.ts";
import { cannedEnvironment, type Sent } from "../../../fixtures/servers/canned_fetch.ts";
import { environmentOf } from "../../../fixtures/servers/object_servers.ts";
import { openStore } from "../../../stores.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const token = (name: string) => Response.json({ access_token: name, expires_in: "3599" });
const isBlob = ({ url }: Sent) => new URL(url).hostname.endsWith(".blob.core.windows.net");

Deno.test("a managed identity of a virtual machine is asked for by its metadata service", async () => {
  const environment = cannedEnvironment({ AZURE_CLIENT_ID: "me" }, (request) => {
    if (isBlob(request)) return new Response("x");
    const url = new URL(request.url);
    const right = url.host === "169.254.169.254" && request.headers.get("metadata") === "true" &&
      url.searchParams.get("resource") === "https://storage.azure.com/" && url.searchParams.get("client_id") === "me";
    return right ? token("T") : undefined;
  });
  assertEquals(await openStore("az://account/container/x", { environment }).get("k"), bytes("x"));
  const last = environment.sent.at(-1)!;
  assertEquals(last.url, "https://account.blob.core.windows.net/container/x/k");
  assertEquals(last.headers.get("authorization"), "Bearer T");
});

Deno.test("a managed identity of a container app is asked for at IDENTITY_ENDPOINT", async () => {
  const variables = { IDENTITY_ENDPOINT: "http://localhost:42356/msi/token", IDENTITY_HEADER: "proof" };
  const environment = cannedEnvironment(variables, (request) => {
    if (isBlob(request)) return new Response("x");
    return request.headers.get("x-identity-header") === "proof" ? token("T") : new Response(null, { status: 401 });
  });
  assertEquals(await openStore("az://account/container/x", { environment }).get("k"), bytes("x"));
});

Deno.test("a workload identity's token is exchanged at Entra ID", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "jwt-of-the-pod");
    const variables = { AZURE_TENANT_ID: "tenant", AZURE_CLIENT_ID: "me", AZURE_FEDERATED_TOKEN_FILE: path };
    const environment = cannedEnvironment(variables, (request) => isBlob(request) ? new Response("x") : token("T"));
    assertEquals(await openStore("az://account/container/x", { environment }).get("k"), bytes("x"));
    const [exchange] = environment.sent;
    assertEquals(exchange!.url, "https://login.microsoftonline.com/tenant/oauth2/v2.0/token");
    const form = new URLSearchParams(exchange!.body);
    assertEquals(form.get("client_assertion"), "jwt-of-the-pod");
    assertEquals(form.get("scope"), "https://storage.azure.com/.default");
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("the key of one's own account is not used for another", async () => {
  const variables = { AZURE_STORAGE_ACCOUNT: "mine", AZURE_STORAGE_KEY: btoa("key") };
  const environment = cannedEnvironment(variables, (request) => isBlob(request) ? new Response("x") : token("T"));
  await openStore("az://container/x", { environment }).get("k");
  await openStore("az://other.blob.core.windows.net/container/x", { environment }).get("k");
  const blobs = environment.sent.filter(isBlob);
  assertEquals(blobs.map(({ url }) => new URL(url).host), [
    "mine.blob.core.windows.net",
    "other.blob.core.windows.net",
  ]);
  assertStringIncludes(blobs[0]!.headers.get("authorization")!, "SharedKey mine:");
  assertEquals(blobs[1]!.headers.get("authorization"), "Bearer T");
});

Deno.test("without any credentials the error says how to give some", async () => {
  const environment = cannedEnvironment({}, () => undefined);
  const error = await assertRejects(
    () => openStore("az://account/container/x", { environment }).get("k"),
    ClearstackError,
  );
  assertEquals(error.kind, "forbidden");
  assertStringIncludes(error.message, "AZURE_STORAGE_KEY");
});

Deno.test("az URLs name account and container, or the container of the environment's account", () => {
  const own = azAccount(environmentOf({ AZURE_STORAGE_ACCOUNT: "mine" }));
  const where = (url: string, account: AzAccount | undefined) => {
    const place = azPlace(url, account);
    return [place.containerUrl, place.root, place.own];
  };
  assertEquals(where("az://box/a/b", own), ["https://mine.blob.core.windows.net/box", "a/b/", true]);
  assertEquals(where("az://mine/box/a", own), ["https://mine.blob.core.windows.net/box", "a/", true]);
  assertEquals(where("az://other.blob.core.windows.net/box", own), [
    "https://other.blob.core.windows.net/box",
    "",
    false,
  ]);
  assertEquals(where("az://other/box/a", undefined), ["https://other.blob.core.windows.net/box", "a/", false]);
  for (const url of ["az://other", "az://evil.example/box", "az://other/UPPER/x"]) {
    const error = assertThrows(() => azPlace(url, undefined), ClearstackError);
    assertEquals(error.kind, "invalid-request");
  }
});

Deno.test("a listing of several pages follows its markers", async () => {
  const page = (name: string, marker: string) =>
    `<EnumerationResults><Blobs><Blob><Name>x/${name}</Name></Blob></Blobs><NextMarker>${marker}</NextMarker>` +
    `</EnumerationResults>`;
  const environment = cannedEnvironment(
    { AZURE_NO_SIGN_REQUEST: "true" },
    ({ url }) => new Response(url.includes("marker=two") ? page("b&amp;c", "") : page("a", "two")),
  );
  const store = openStore("az://account/container/x", { environment });
  assertEquals(await Array.fromAsync(store.list("")), ["a", "b&c"]);
});
