import { Buffer } from "node:buffer";
import { assert, assertEquals } from "@std/assert";
import { serveFiles } from "shared/http/serve_files.ts";
import { openStore } from "../../stores.ts";

/** What a server of a folder answers, beside which a secret lies. */
async function withFolder(
  run: (handler: (request: Request) => Promise<Response>, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-files-" });
  try {
    await Deno.mkdir(`${folder}/served`);
    await Deno.writeTextFile(`${folder}/served/a`, "0123456789");
    await Deno.writeTextFile(`${folder}/secret`, "secret");
    await run(serveFiles(openStore(`${folder}/served`)), folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("files are served whole, in ranges and by HEAD, and nothing else is", () =>
  withFolder(async (handler) => {
    async function ask(path: string, range?: string, method = "GET") {
      const headers = range === undefined ? {} : { range };
      const response = await handler(new Request(`http://localhost/${path}`, { method, headers }));
      return [response.status, response.headers.get("content-range"), await response.text()];
    }
    assertEquals(await ask("a"), [200, null, "0123456789"]);
    assertEquals(await ask("a", undefined, "HEAD"), [200, null, ""]);
    assertEquals(await ask("a", "bytes=2-4"), [206, "bytes 2-4/10", "234"]);
    assertEquals(await ask("a", "bytes=8-99"), [206, "bytes 8-9/10", "89"]);
    assertEquals(await ask("a", "bytes=7-"), [206, "bytes 7-9/10", "789"]);
    assertEquals(await ask("a", "bytes=-3"), [206, "bytes 7-9/10", "789"]);
    assertEquals(await ask("a", "bytes=10-12"), [416, "bytes */10", ""]);
    assertEquals(await ask("a", "bytes=-0"), [416, "bytes */10", ""]);
    for (const whole of ["bytes=5-2", "bytes=0-1,4-5", "lines=1-2", "bytes=-"]) {
      assertEquals(await ask("a", whole), [200, null, "0123456789"], whole);
    }
    assertEquals(await ask("b"), [404, null, ""]);
    assertEquals(await ask("a", undefined, "PUT"), [405, null, ""]);
    for (const path of ["", "%2e%2e%2fsecret", "%zz", "a//b"]) {
      const [status, , body] = await ask(path);
      assert([400, 404].includes(Number(status)) && body === "", `${path}: ${status} ${body}`);
    }
  }));

Deno.test("links are followed within the folder, and refused where they lead out of it", () =>
  withFolder(async (handler, folder) => {
    await Deno.mkdir(`${folder}/served-too`);
    await Deno.writeTextFile(`${folder}/served-too/b`, "secret");
    await Deno.symlink("a", `${folder}/served/within`);
    await Deno.symlink("../secret", `${folder}/served/out`);
    await Deno.symlink("../served-too", `${folder}/served/folder`);
    await Deno.symlink("out", `${folder}/served/twice`);
    const ask = async (path: string) => {
      const response = await handler(new Request(`http://localhost/${path}`));
      return [response.status, await response.text()];
    };
    assertEquals(await ask("within"), [200, "0123456789"]);
    for (const path of ["out", "folder/b", "twice"]) assertEquals(await ask(path), [403, ""], path);
    // The folder that is served may be reached by a link itself.
    await Deno.symlink("served", `${folder}/link`);
    const linked = serveFiles(openStore(`${folder}/link`));
    assertEquals(await (await linked(new Request("http://localhost/a"))).text(), "0123456789");
  }));

Deno.test("an unchanged file is not sent again, and a changed one whole, whatever range is asked for", () =>
  withFolder(async (handler, folder) => {
    const ask = (headers: Record<string, string>) => handler(new Request("http://localhost/a", { headers }));
    const etag = (await ask({})).headers.get("etag")!;
    assertEquals([etag.at(0), etag.at(-1)], ['"', '"']);
    assertEquals((await ask({ "if-none-match": etag })).status, 304);
    assertEquals((await ask({ "if-range": etag, "range": "bytes=0-0" })).status, 206);
    await Deno.writeTextFile(`${folder}/served/a`, "9876543210.");
    const changed = await ask({ "if-range": etag, "range": "bytes=0-0" });
    assertEquals([changed.status, await changed.text()], [200, "9876543210."]);
  }));

Deno.test("a file of more than a piece comes whole", () =>
  withFolder(async (handler, folder) => {
    const bytes = new Uint8Array(20 * 2 ** 20).map((_, index) => index % 251);
    await Deno.writeFile(`${folder}/served/large`, bytes);
    const ask = (range?: string) =>
      handler(new Request("http://localhost/large", { headers: range === undefined ? {} : { range } }));
    assertEquals(Buffer.compare(await (await ask()).bytes(), bytes), 0);
    const part = await (await ask("bytes=100-17000000")).bytes();
    assertEquals(Buffer.compare(part, bytes.subarray(100, 17_000_001)), 0);
    // Nothing is left open by one who leaves.
    await (await ask()).body!.cancel();
  }));
