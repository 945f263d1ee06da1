/** Images that the page looks at, however they are stored, and what they state of the microscope. */
import { levelOf, pictureIn } from "functions/view/page/data/open_picture.ts";
import type { Picture } from "functions/view/page/data/picture.ts";
import { channelsOf } from "functions/view/page/data/picture_channels.ts";
import type { OpenedPicture, StatedOptics } from "functions/view/page/preview/messages.ts";
import type { ImageInfo } from "shared/contract/image_info.ts";
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import type { Chunk, Image } from "shared/image/image.ts";
import { openImage } from "shared/image/open_image.ts";
import { voxelMicrometre } from "shared/psf/spacing.ts";
import { openReadable } from "shared/storage/open_store.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import type { RequestOptions } from "shared/storage/store.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { channelCount } from "shared/volume/channels.ts";
import { spatialShape } from "shared/volume/spatial.ts";

/** Images by URL. */
export class OpenedImages {
  readonly #images = new Map<string, Promise<Image>>();
  readonly #pictures = new Map<string, Promise<Picture>>();

  /** Level 0. @throws {ClearstackError} what `openImage` throws */
  image(url: string): Promise<Image> {
    return kept(this.#images, url, () => openStated(url));
  }

  /** @throws {ClearstackError} what opening throws */
  async open(url: string): Promise<OpenedPicture> {
    const { levels, ...picture } = await kept(this.#pictures, url, () => this.#picture(url));
    const { warnings = [] } = (await this.image(url)).info;
    return {
      ...picture,
      levels: levels.map(({ image: _, ...level }) => level),
      warnings: warnings.map(({ message }) => message),
    };
  }

  async readChunk(url: string, level: number, coords: readonly number[], options: RequestOptions): Promise<Chunk> {
    const picture = await this.#pictures.get(url);
    if (picture === undefined) throw new ClearstackError("internal", `${url} is not open`);
    return await picture.levels[level]!.image.readChunk(coords, options);
  }

  async optics(url: string): Promise<StatedOptics> {
    const { info } = await this.image(url);
    const { na, immersionIndex } = info.objective ?? {};
    const emissions = Array.from(
      { length: channelCount(info) },
      (_, channel) => info.channels?.[channel]?.emissionNanometres,
    );
    return {
      na,
      immersionIndex,
      emissionNanometres: emissions,
      voxelMicrometre: voxelMicrometre(info),
      depth: spatialShape(info)[0],
    };
  }

  async #picture(url: string): Promise<Picture> {
    const image = await this.image(url);
    const { info } = image;
    if (info.format !== "tiff") return await pictureIn(openReadable(url, { environment: NO_ENVIRONMENT }), url);
    return {
      url,
      name: info.name ?? url.split("/").at(-1)!,
      levels: [levelOf(image)],
      channels: channelsOf({}, info),
      unit: info.axes.at(-1)!.unit,
      zarrFormat: undefined,
      provenance: {},
    };
  }
}

/** Level 0; pages of a TIFF that nobody has named are taken for planes of z, and a warning says so. */
async function openStated(url: string): Promise<Image> {
  const options = { environment: NO_ENVIRONMENT };
  try {
    return await openImage({ url }, options);
  } catch (error) {
    if (!isClearstackError(error, "invalid-request") || !error.message.includes("--axes zyx")) throw error;
    const image = await openImage({ url, axes: "zyx" }, options);
    const said = error.message.replace(/; if these are planes of z.*$/s, "");
    const message = `${said}: here they are taken for planes of z`;
    const warnings = [...image.info.warnings ?? [], { code: "pages-taken-for-z", level: "warning" as const, message }];
    return { ...image, info: { ...image.info, warnings } };
  }
}

/** The voxel size that somebody states, in place of what an image says. */
export function withVoxelSize(info: ImageInfo, sides: Vec3): ImageInfo {
  const along = { z: sides[0], y: sides[1], x: sides[2] } as Readonly<Record<string, number>>;
  return {
    ...info,
    axes: info.axes.map((axis) => axis.type === "space" ? { ...axis, unit: "micrometer" } : axis),
    scale: info.scale.map((side, axis) => along[info.axes[axis]!.name] ?? side),
  };
}

/** What is there, or what is made and kept unless that fails. */
export function kept<Key, Value>(
  map: Map<Key, Promise<Value>>,
  key: Key,
  make: () => Promise<Value>,
): Promise<Value> {
  const value = map.get(key) ?? make();
  map.set(key, value);
  value.catch(() => map.delete(key));
  return value;
}
