/** Images as they are, passed on to viewers at addresses that nobody can guess. */
import type { Location } from "shared/contract/location.ts";
import type { ShownImage } from "shared/contract/views/shown_image.ts";
import { isClearstackError } from "shared/errors.ts";
import { serveFiles } from "shared/http/serve_files.ts";
import type { Image } from "shared/image/image.ts";
import { listSeries } from "shared/image/list_series.ts";
import { multiscalesOf } from "shared/image/ome/ome_multiscales.ts";
import { openImage } from "shared/image/open_image.ts";
import { readZarrNode } from "shared/image/zarr/zarr_node.ts";
import { RecentCache } from "shared/process/recent_cache.ts";
import { openReadable } from "shared/storage/open_store.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import type { StoreEnvironment } from "shared/storage/store_environment.ts";
import { canonicalUrl, redactUrl } from "shared/storage/url.ts";
import { type ImageGrant, ImageTokens } from "./image_token.ts";
import { zarrObject } from "./tiff_as_zarr.ts";

/** TIFFs that are kept open. */
const RECENT_IMAGES = 16;

/** Objects of a Zarr: metadata, chunks and shards. Whatever else lies in its folder is nobody's business. */
const ZARR_KEY = /^(?:(?!\.)[^/%]+\/)*(?:zarr\.json|\.z(?:array|group|attrs|metadata)|(?:c\/)?\d+(?:[./]\d+)*)$/;

interface ShownImagesOptions {
  /** That views are signed with. */
  readonly key: Uint8Array;
  /** What stores of images see of the world. */
  readonly environment: StoreEnvironment;
  /** Time of an address. */
  readonly expiresMs: number;
  /** Origin at which viewers reach the service, without a slash at its end; empty where the caller knows it. */
  readonly publicUrl: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export class ShownImages {
  readonly #options: ShownImagesOptions;
  readonly #tokens: ImageTokens;
  readonly #tiffs = new RecentCache<string, Image>(RECENT_IMAGES);

  constructor(options: ShownImagesOptions) {
    this.#options = options;
    this.#tokens = new ImageTokens(options.key);
  }

  /** Describes an image, and makes an address of it; see ViewRunner. */
  async show({ series: _, ...asked }: Location, { signal }: RequestOptions = {}): Promise<ShownImage> {
    const { environment, expiresMs, publicUrl, now } = this.#options;
    const access = { environment, signal };
    const paths = await listSeries(asked, access);
    const location = paths.length > 1 ? { ...asked, path: paths[0]! } : asked;
    const { info } = await openImage(location, access);
    const ends = now() + expiresMs;
    const root = info.format === "tiff" ? {} : { root: await this.#rootOf(info) };
    const token = await this.#tokens.seal({ location, ...root, expiresMs: ends });
    return {
      image: { ...info, url: redactUrl(info.url) },
      paths,
      url: `${publicUrl}/v1/images/${token}`,
      expires: new Date(ends).toISOString(),
    };
  }

  /** Answers for an object below an address; 403 where the address is none. */
  async answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const [, token = "", key = ""] = /^\/v1\/images\/([^/]+)\/(.*)$/.exec(pathname) ?? [];
    const grant = await this.#tokens.open(token, this.#options.now());
    if (grant === undefined) return new Response("This address is of no image, or no longer.\n", { status: 403 });
    return grant.root === undefined
      ? await this.#answerTiff(request, grant, { token, key })
      : await this.#answerZarr(request, grant.root, { grant, key });
  }

  /** The group of the multiscale image that an array is level 0 of, or the array where it is of none. */
  async #rootOf({ url, path }: Image["info"]): Promise<string> {
    const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
    const group = path === "" ? undefined : await readZarrNode(openReadable(url, this.#options), folder);
    return group !== undefined && multiscalesOf(group.attributes).length > 0 ? folder : path;
  }

  async #answerZarr(
    request: Request,
    root: string,
    { grant: { location }, key }: { readonly grant: ImageGrant; readonly key: string },
  ): Promise<Response> {
    if (!ZARR_KEY.test(key)) return new Response(null, { status: 404 });
    const url = new URL(request.url);
    url.pathname = root === "" ? `/${key}` : `/${root}/${key}`;
    const store = openReadable(canonicalUrl(location.url), this.#options);
    return await serveFiles(store)(new Request(url, { method: request.method, headers: request.headers }));
  }

  async #answerTiff(
    { signal }: Request,
    { location }: ImageGrant,
    { token, key }: { readonly token: string; readonly key: string },
  ): Promise<Response> {
    try {
      const open = (signal: AbortSignal) => openImage(location, { environment: this.#options.environment, signal });
      const bytes = await zarrObject(await this.#tiffs.get(token, open, signal), key, signal);
      if (bytes === undefined) return new Response(null, { status: 404 });
      return new Response(bytes as Uint8Array<ArrayBuffer>, {
        headers: { "content-type": "application/octet-stream" },
      });
    } catch (error) {
      if (isClearstackError(error)) return new Response(`${error.message}\n`, { status: error.status });
      throw error;
    }
  }
}
