import { assertEquals, assertStringIncludes } from "@std/assert";
import { createPageApp, isPagePath } from "functions/view/page_app.ts";

const FOLDER = new URL("../../../functions/view/page/", import.meta.url);
const page = createPageApp(() => Promise.resolve(FOLDER));
const startPage = createPageApp(() => Promise.resolve(new URL("start/", FOLDER)), { hasJobs: true });

Deno.test("browsers that ask for a page get it, and everybody else what was there before", () => {
  const asked = (path: string, accept: string, method = "GET") =>
    isPagePath(new Request(`http://127.0.0.1${path}`, { method, headers: { accept } }));
  assertEquals(asked("/", "text/html,application/xhtml+xml,*/*;q=0.8"), true);
  assertEquals([asked("/", "*/*"), asked("/", "text/html", "POST"), asked("/v1/jobs", "text/html")], [
    false,
    false,
    false,
  ]);
  assertEquals(asked("/page/page.js", "*/*"), true);
});

for (const [name, app] of [["viewer", page], ["start page", startPage]] as const) {
  Deno.test(`the ${name} runs its own scripts alone, in no frame, and makes no code of text`, async () => {
    const answer = await app.request("/");
    const policy = answer.headers.get("content-security-policy")!;
    for (const part of ["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "frame-ancestors 'none'"]) {
      assertStringIncludes(policy, part);
    }
    // What a folder on any web server cannot say in headers, the page says itself.
    const own = /content="(default-src[^"]+)"/.exec(await answer.text())![1]!;
    const parts = (text: string) => text.split("; ").filter((part) => !part.startsWith("frame-ancestors")).sort();
    assertEquals(parts(own), parts(policy));
    assertEquals(answer.headers.get("x-content-type-options"), "nosniff");
    // With both, Workers of the page may share memory.
    assertEquals(answer.headers.get("cross-origin-opener-policy"), "same-origin");
    assertEquals(answer.headers.get("cross-origin-embedder-policy"), "credentialless");
  });
}

Deno.test("beside jobs, an address that names images opens the viewer, and any other the start page", async () => {
  const folder = await Deno.makeTempDir();
  for (const name of ["index", "start"]) await Deno.writeTextFile(`${folder}/${name}.html`, name);
  const app = createPageApp(() => Promise.resolve(new URL(`file://${folder}/`)), { hasJobs: true });
  const shown = async (path: string) => await (await app.request(path)).text();
  const addresses = [
    "/",
    "/?jobs",
    "/?image=",
    "/?image=https://a.example/b.zarr",
    "/?result=https://a.example/b.zarr",
  ];
  assertEquals(await Promise.all(addresses.map(shown)), ["start", "start", "index", "index", "index"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a function that is served apart has the viewer say so, wherever it is opened", async () => {
  const apart = createPageApp(() => Promise.resolve(FOLDER), { isApart: true });
  const marked = async (app: typeof page, path: string) =>
    (await (await app.request(path)).text()).includes("data-apart");
  assertEquals([await marked(apart, "/"), await marked(apart, "/?image="), await marked(page, "/")], [
    true,
    true,
    false,
  ]);
});

Deno.test("files of the page are sent by their names alone", async () => {
  const inPage = createPageApp(() => Promise.resolve(new URL("../", FOLDER)));
  const styled = await inPage.request("/page/page.css");
  assertEquals([styled.status, styled.headers.get("content-type")], [200, "text/css; charset=utf-8"]);
  const again = await inPage.request("/page/page.css", { headers: { "if-none-match": styled.headers.get("etag")! } });
  assertEquals(again.status, 304);
  for (
    const path of ["/page/deno.json", "/page/..%2fapp.ts", "/page/main.tsx", "/page/none.js", "/page/state/plane.ts"]
  ) {
    assertEquals((await inPage.request(path)).status, 404, path);
  }
});

Deno.test("a page that is not built says how to build it", async () => {
  const answer = await createPageApp(() => Promise.resolve(undefined)).request("/");
  assertEquals(answer.status, 503);
  assertStringIncludes(await answer.text(), "deno task page");
});
