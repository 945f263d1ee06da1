/** Describes the storage of an image: shards, compression, byte order, in words for people. */
import { counted } from "shared/counted.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { compressionName } from "./tiff/tiff_compression.ts";
import type { TiffFile, TiffPage } from "./tiff/tiff_file.ts";
import { openFirstFile } from "./tiff/tiff_image.ts";
import { asRecord, type ZarrNode } from "./zarr/zarr_node.ts";

/** Facts that {@link zarrStorage} and {@link tiffStorage} tell. */
export interface StorageFacts {
  /** Voxels of one stored object, where it holds several chunks. */
  readonly shardShape?: readonly number[];
  /** `blosc (zstd, level 1, shuffle)`, or `none`. */
  readonly compression: string;
  /** Other facts: `big-endian`, `BigTIFF`. */
  readonly remarks: readonly string[];
}

interface Codec {
  readonly name: string;
  readonly configuration: Record<string, unknown>;
}

/** The facts of an array, and its shapes. */
export function zarrStorage(
  { version, document }: ZarrNode,
): StorageFacts & { readonly shape: number[]; readonly chunkShape: number[] } {
  const shape = document.shape as number[];
  if (version === 2) {
    const codecs = [...listOf(document.filters), ...listOf([document.compressor].filter(Boolean))];
    return {
      shape,
      chunkShape: document.chunks as number[],
      compression: compressionOf(codecs),
      remarks: [
        ...(String(document.dtype).startsWith(">") ? ["big-endian"] : []),
        ...(document.order === "F" ? ["column-major chunks"] : []),
      ],
    };
  }
  const outer = asRecord(asRecord(document.chunk_grid).configuration).chunk_shape as number[];
  const sharding = listOf(document.codecs).find(({ name }) => name === "sharding_indexed");
  const codecs = sharding === undefined ? listOf(document.codecs) : listOf(sharding.configuration.codecs);
  const endian = codecs.find(({ name }) => name === "bytes")?.configuration.endian;
  return {
    shape,
    chunkShape: sharding === undefined ? outer : sharding.configuration.chunk_shape as number[],
    ...(sharding === undefined ? {} : { shardShape: outer }),
    compression: compressionOf(codecs.filter(({ name }) => name !== "bytes")),
    remarks: endian === "big" ? ["big-endian"] : [],
  };
}

/** Codecs of Zarr v3, or filters and compressors of v2, in one form. */
function listOf(codecs: unknown): Codec[] {
  if (!Array.isArray(codecs)) return [];
  return codecs.map((codec) => {
    const { name, id, configuration, ...rest } = asRecord(codec);
    const spelled = String(typeof codec === "string" ? codec : name ?? id);
    return {
      name: spelled.replace(/^numcodecs\./, ""),
      configuration: id === undefined ? asRecord(configuration) : rest,
    };
  });
}

const SHUFFLES = ["no shuffle", "shuffle", "bitshuffle"];

function compressionOf(codecs: readonly Codec[]): string {
  const words = codecs.map(({ name, configuration }) => {
    const { cname, clevel, level, shuffle } = configuration;
    const strength = clevel ?? level;
    const details = [
      ...(typeof cname === "string" ? [cname] : []),
      ...(typeof strength === "number" ? [`level ${strength}`] : []),
      ...(typeof shuffle === "number" ? [SHUFFLES[shuffle] ?? "automatic shuffle"] : []),
      ...(typeof shuffle === "string" ? [shuffle === "noshuffle" ? "no shuffle" : shuffle] : []),
    ];
    return details.length === 0 ? name : `${name} (${details.join(", ")})`;
  });
  return words.length === 0 ? "none" : words.join(", ");
}

/** The facts of a TIFF, from its header and its first directory. */
export async function tiffStorage(url: string, access: StoreAccess): Promise<StorageFacts> {
  const { file } = await openFirstFile(url, access);
  return await file.withPage(0, (page) => storageOf(file, page));
}

async function storageOf(file: TiffFile, { image: { fileDirectory, isTiled } }: TiffPage): Promise<StorageFacts> {
  const code = Number(await fileDirectory.loadValue("Compression") ?? 1);
  const predictor = Number(await fileDirectory.loadValue("Predictor") ?? 1);
  const name = compressionName(code);
  const rows = Number(await fileDirectory.loadValue("RowsPerStrip") ?? Infinity);
  const height = Number(await fileDirectory.loadValue("ImageLength"));
  return {
    compression: predictor === 1 ? name : `${name} (${predictor === 3 ? "float predictor" : "predictor"})`,
    remarks: [
      isTiled ? "tiled" : rows < height ? `strips of ${counted(rows, "row")}` : "one strip per page",
      ...(file.littleEndian ? [] : ["big-endian"]),
      ...(file.bigTiff ? ["BigTIFF"] : []),
    ],
  };
}
