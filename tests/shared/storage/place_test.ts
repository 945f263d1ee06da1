/** Places are told apart by where they are, not by how they are spelled. */
import { assertEquals } from "@std/assert";
import { placesOverlap } from "shared/storage/url.ts";
import { openReadable, openStore } from "../../stores.ts";

const overlap = async (a: string, b: string, environment = { env: (_: string): string | undefined => undefined }) =>
  placesOverlap(await openReadable(a, { environment }).place(), await openReadable(b, { environment }).place());

Deno.test("links to folders and files lead to one place, also where what they name is not there yet", async () => {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "clearstack-place-" }));
  try {
    await Deno.mkdir(`${root}/real/src.zarr/0`, { recursive: true });
    await Deno.symlink(`${root}/real`, `${root}/absolute`);
    await Deno.symlink("real/src.zarr", `${root}/relative`);
    await Deno.symlink("real/later.zarr", `${root}/dangling`);
    const place = (path: string, key?: string) => openStore(`${root}/${path}`).place(key);
    assertEquals(await place("absolute/src.zarr"), `file:${root}/real/src.zarr/`);
    assertEquals(await place("relative", "0"), `file:${root}/real/src.zarr/0/`);
    assertEquals(await place("absolute/new/out.zarr"), `file:${root}/real/new/out.zarr/`);
    assertEquals(await place("dangling/inside"), `file:${root}/real/later.zarr/inside/`);
    assertEquals(await openStore(`file://${root}/relative`).place(), await place("real/src.zarr"));
    assertEquals(await overlap(`${root}/relative`, `${root}/real`), true);
    assertEquals(await overlap(`${root}/relative`, `${root}/real/src.zarr2`), false);
    assertEquals(await openStore("/").place(), "file:/");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("links that lead to each other are an error, not an endless search", async () => {
  const root = await Deno.makeTempDir({ prefix: "clearstack-place-" });
  try {
    await Deno.symlink(`${root}/b`, `${root}/a`);
    await Deno.symlink(`${root}/a`, `${root}/b`);
    const outcome = await openStore(`${root}/a`).place().then(() => "place", ({ kind }) => kind);
    assertEquals(outcome, "invalid-request");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("objects are told apart by endpoint, bucket and key", async () => {
  const env = (variables: Record<string, string>) => ({ env: (name: string) => variables[name] });
  const ceph = env({ AWS_ENDPOINT_URL: "http://127.0.0.1:8000" });
  assertEquals(
    await openStore("s3://bucket/a b", { environment: ceph }).place(),
    "http://127.0.0.1:8000/bucket/a%20b/",
  );
  assertEquals(await overlap("s3://bucket/a%20b/c", "s3://bucket/a b", ceph), true);
  assertEquals(await overlap("s3://bucket/a", "s3://other/a", ceph), false);
  assertEquals(await overlap("s3://bucket/a", "s3://bucket/a2", ceph), false);
  // The same object behind a web server's URL, with a signature.
  assertEquals(await overlap("http://127.0.0.1:8000/bucket/%61/b?X-Amz-Signature=1", "s3://bucket/a", ceph), true);
  assertEquals(await overlap("https://storage.googleapis.com/bucket/a", "gs://bucket/a/b"), true);
  const azure = env({ AZURE_STORAGE_ACCOUNT: "account" });
  assertEquals(await overlap("az://container/a", "az://account/container/a/b", azure), true);
  assertEquals(await overlap("az://container/a", "az://account.blob.core.windows.net/container/a", azure), true);
  assertEquals(await overlap("az://container/a", "az://other/container/a", azure), false);
  assertEquals(await overlap("memory:a/b", "memory:a"), true);
});

Deno.test("removing a folder removes a link in it, never what the link leads to", async () => {
  const root = await Deno.makeTempDir({ prefix: "clearstack-place-" });
  try {
    await Deno.mkdir(`${root}/precious`);
    await Deno.writeTextFile(`${root}/precious/voxels`, "precious");
    await Deno.mkdir(`${root}/out`);
    await Deno.symlink(`${root}/precious`, `${root}/out/0`);
    await openStore(`${root}/out`).deleteAll("0/");
    assertEquals(await Deno.readTextFile(`${root}/precious/voxels`), "precious");
    assertEquals(await Array.fromAsync(Deno.readDir(`${root}/out`)), []);
    // Whoever put the output elsewhere by a link finds the next one there too.
    await Deno.symlink(`${root}/out`, `${root}/link`);
    await Deno.writeTextFile(`${root}/out/old`, "old");
    await openStore(`${root}/link`).deleteAll("");
    assertEquals(await Array.fromAsync(Deno.readDir(`${root}/out`)), []);
    assertEquals((await Deno.lstat(`${root}/link`)).isSymlink, true);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
