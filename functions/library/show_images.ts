/** A web server for looking at images: the page, and the images as this machine can read them, at addresses that nobody can guess. */
import { ClearstackError } from "shared/errors.ts";
import { serveFiles } from "shared/http/serve_files.ts";
import { openReadable } from "shared/storage/open_store.ts";
import type { StoreEnvironment } from "shared/storage/store_environment.ts";
import { canonicalUrl } from "shared/storage/url.ts";
import { listen } from "./listen.ts";
import { localPage } from "./local_page.ts";

/** Images to look at. */
interface ShownImages {
  /** Path or URL of an OME-Zarr. */
  readonly image: string;
  /** Its deconvolved result. */
  readonly result?: string | undefined;
  readonly environment: StoreEnvironment;
  /** 0 takes any free port. @default {0} */
  readonly port?: number;
}

/** A server that runs. */
export interface ImageServer {
  /** Address of the page that shows the images. */
  readonly url: string;
  close(): Promise<void>;
}

/** Pages of anybody may read what is at an address that they were given: other viewers are such pages. */
const OPEN_TO_ALL = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "range",
  "access-control-allow-private-network": "true",
  "access-control-expose-headers": "content-length, content-range, etag",
  "cross-origin-resource-policy": "cross-origin",
  "x-content-type-options": "nosniff",
};

/**
 * Serves images and the page on this machine.
 *
 * @throws {ClearstackError} `not-found` where an image is no Zarr, `invalid-request` if the port is taken
 */
export async function showImages({ image, result, environment, port = 0 }: ShownImages): Promise<ImageServer> {
  const secret = crypto.getRandomValues(new Uint8Array(16)).toHex();
  const named = result === undefined ? { image } : { image, result };
  const files = new Map<string, (request: Request) => Promise<Response>>();
  for (const [name, url] of Object.entries(named)) {
    const store = openReadable(canonicalUrl(url), { environment });
    const found = await Promise.all(["zarr.json", ".zgroup", ".zarray"].map((key) => store.head(key)));
    if (found.every((one) => one === undefined)) {
      throw new ClearstackError(
        "not-found",
        `${store.url} does not exist, or holds no zarr.json, .zgroup or .zarray; convert makes an OME-Zarr of a TIFF`,
        { path: url },
      );
    }
    files.set(name, serveFiles(store));
  }
  const page = localPage();
  const server = listen(
    "127.0.0.1",
    port,
    (request) => answerFile(request, secret, files) ?? page.answer(request) ?? notFound(),
  );
  const base = `http://127.0.0.1:${server.addr.port}`;
  const query = [...files.keys()].map((name) => `${name}=${base}/data/${secret}/${name}`).join("&");
  return { url: `${base}/?${query}`, close: () => server.shutdown() };
}

/** The answer to a request below `/data/`; undefined for any other. */
function answerFile(
  request: Request,
  secret: string,
  files: ReadonlyMap<string, (request: Request) => Promise<Response>>,
): Promise<Response> | Response | undefined {
  const url = new URL(request.url);
  const [, top, given, name, ...key] = url.pathname.split("/");
  if (top !== "data") return undefined;
  const serve = given === secret ? files.get(name ?? "") : undefined;
  if (serve === undefined) return notFound();
  if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: OPEN_TO_ALL });
  url.pathname = `/${key.join("/")}`;
  return withHeaders(serve(new Request(url, { method: request.method, headers: request.headers })));
}

async function withHeaders(answer: Promise<Response>): Promise<Response> {
  const response = await answer;
  for (const [name, value] of Object.entries(OPEN_TO_ALL)) response.headers.set(name, value);
  return response;
}

function notFound(): Response {
  return new Response("There is nothing here.\n", { status: 404 });
}
