/** The web pages over HTTP: `/` for those who ask for a page, and files below `/page/`. Nothing of them is secret. */
import { Hono } from "hono";
import { etag } from "hono/etag";
import { secureHeaders } from "hono/secure-headers";

/** Files of the page by their endings; nothing else is sent. */
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  map: "application/json",
  svg: "image/svg+xml",
};

/** Names of files below `/page/`. */
const FILE = /^[\w-]+(?:\.[\w-]+)+$/;

/** As the page's own, with what only a header can say. */
const CONTENT_SECURITY_POLICY = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
  workerSrc: ["'self'"],
  styleSrc: ["'self'"],
  connectSrc: ["'self'", "https:", "http:"],
  imgSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
  requireTrustedTypesFor: ["'script'"],
  trustedTypes: ["default"],
};

const HEADERS = {
  contentSecurityPolicy: CONTENT_SECURITY_POLICY,
  referrerPolicy: "no-referrer",
  // Isolated from other pages, Workers may share memory, so that all cores deconvolve where there is no GPU.
  crossOriginOpenerPolicy: "same-origin",
  crossOriginEmbedderPolicy: "credentialless",
} as const;

const NOT_BUILT = "The page is not built: run deno task page --out .cache/page\n";

/** True for what {@link createPageApp} answers: the page, where a browser asks for one, and its files. */
export function isPagePath({ url, method, headers }: Request): boolean {
  const { pathname } = new URL(url);
  const isRead = method === "GET" || method === "HEAD";
  if (pathname.startsWith("/page/")) return isRead;
  return isRead && pathname === "/" && (headers.get("accept") ?? "").includes("text/html");
}

interface PageAppOptions {
  /** True where jobs are answered at the same address: `/` is the start page then, unless it names images. @default {false} */
  readonly hasJobs?: boolean;
  /** True for a function that is served apart: the viewer then says that jobs are started elsewhere. @default {false} */
  readonly isApart?: boolean;
}

/** Where the page finds that it is served apart. */
const APART = { from: '<div id="page">', to: '<div id="page" data-apart>' };

/** Fields of the address that name what the viewer opens; one without a value has the viewer ask. */
const VIEWED = ["image", "result"];

/** The application. @param findFolder where the files lie, asked on every request; see page_folder.ts */
export function createPageApp(
  findFolder: () => Promise<URL | undefined>,
  { hasJobs = false, isApart = false }: PageAppOptions = {},
): Hono {
  const app = new Hono();
  app.use(secureHeaders(HEADERS), etag());
  const answer = async (name: string): Promise<Response> => {
    const folder = await findFolder();
    if (folder === undefined) return new Response(NOT_BUILT, { status: 503 });
    const type = TYPES[name.slice(name.lastIndexOf(".") + 1)];
    const bytes = type === undefined ? undefined : await readFile(new URL(name, folder));
    if (bytes === undefined) return new Response("There is no such file.\n", { status: 404 });
    const body = isApart && name === "index.html"
      ? new TextDecoder().decode(bytes).replace(APART.from, APART.to)
      : bytes;
    return new Response(body, { headers: { "content-type": type!, "cache-control": "no-cache" } });
  };
  app.get("/", (c) => {
    const isViewed = VIEWED.some((name) => c.req.query(name) !== undefined);
    return answer(hasJobs && !isViewed ? "start.html" : "index.html");
  });
  app.get("/page/:name", (c) => {
    const name = c.req.param("name");
    return FILE.test(name) ? answer(`page/${name}`) : c.notFound();
  });
  return app;
}

async function readFile(url: URL): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await Deno.readFile(url);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
