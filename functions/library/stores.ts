/** Stores and images for programs, with the credentials of this process unless they bring others. */
import type { Location } from "shared/contract/location.ts";
import type { Image } from "shared/image/image.ts";
import { openImage as openImageOf } from "shared/image/open_image.ts";
import type { OpenOptions as OpenImageOptions } from "shared/image/tiff/tiff_image.ts";
import type { OpenOptions as OpenStoreOptions } from "shared/storage/open_store.ts";
import { openReadable as openReadableOf, openStore as openStoreOf } from "shared/storage/open_store.ts";
import type { ReadableStore, Store } from "shared/storage/store.ts";
import type { StoreEnvironment } from "shared/storage/store_environment.ts";
import { PROCESS_ENVIRONMENT } from "./process_environment.ts";

/** Options that may leave the environment out. */
type WithDefault<Options extends { readonly environment: StoreEnvironment }> =
  & Omit<Options, "environment">
  & Partial<Pick<Options, "environment">>;

/**
 * Opens a Zarr array, an array of a group, level 0 of an OME-Zarr, or a TIFF stack; reads metadata only.
 *
 * @param options `environment` holds settings and credentials of object stores. @default {the variables of this process}
 * @throws {ClearstackError} `not-found`, `invalid-request` (which array? which axes?), `unsupported`, `corrupt-data`
 *
 * @example
 * ```ts
 * import { deconvolve, openImage } from "@clearstack/clearstack";
 *
 * const image = { data: new Uint16Array(8 * 16 * 16).fill(9), shape: [8, 16, 16], axes: "zyx" };
 * const psf = { data: new Float32Array([1, 2, 1]), shape: [1, 1, 3], axes: "zyx" };
 * await deconvolve(image, psf, { output: "memory:opened", algorithm: { iterations: 1 }, backend: "cpu" });
 *
 * const { info } = await openImage({ url: "memory:opened" });
 * console.log(info.shape, info.dtype); // [ 8, 16, 16 ] float32
 * ```
 */
export function openImage(location: Location, options: WithDefault<OpenImageOptions> = {}): Promise<Image> {
  return openImageOf(location, { environment: PROCESS_ENVIRONMENT, ...options });
}

/**
 * Opens the store below a URL or a path. Nothing is read or created yet.
 *
 * @param url a path, or a `file:`, `s3:`, `gs:`, `az:` or `memory:NAME` URL
 * @param options `environment` holds settings and credentials of object stores. @default {the variables of this process}
 * @throws {ClearstackError} `invalid-request` for a scheme that is not known
 *
 * @example
 * ```ts
 * import { openStore } from "@clearstack/clearstack";
 *
 * const store = openStore("memory:notes");
 * await store.put("readme.txt", new TextEncoder().encode("read me"));
 * console.log(await Array.fromAsync(store.listNames(""))); // [ "readme.txt" ]
 * ```
 */
export function openStore(url: string, options: WithDefault<OpenStoreOptions> = {}): Store {
  return openStoreOf(url, { environment: PROCESS_ENVIRONMENT, ...options });
}

/**
 * Opens the store below a URL or a path, to read; `http:` and `https:` URLs, too.
 *
 * @param options `environment` holds settings and credentials of object stores. @default {the variables of this process}
 * @throws {ClearstackError} `invalid-request` for a scheme that is not known
 *
 * @example
 * ```ts
 * import { openReadable } from "@clearstack/clearstack";
 *
 * console.log(await openReadable("memory:nothing").get("readme.txt")); // undefined
 * ```
 */
export function openReadable(url: string, options: WithDefault<OpenStoreOptions> = {}): ReadableStore {
  return openReadableOf(url, { environment: PROCESS_ENVIRONMENT, ...options });
}
