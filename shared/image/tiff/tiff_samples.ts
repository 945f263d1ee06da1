/** Samples of a TIFF: their type, and those of fewer bits than a byte has, or of no whole bytes. */
import { type Dtype, DtypeSchema } from "shared/contract/image_info.ts";
import { ClearstackError } from "shared/errors.ts";
import { compressionName, isReadCompression } from "./tiff_compression.ts";
import { integerTag } from "./tiff_directory.ts";
import type { TiffPage } from "./tiff_file.ts";

/** Type of the values of a page, and the bits of each where they are packed closer than that. */
export interface SampleType {
  readonly dtype: Dtype;
  readonly packedBits?: number;
}

/** Kinds by SampleFormat; what is undefined counts as unsigned, as TIFF 6.0 has it. */
const KINDS: Readonly<Record<number, string>> = { 1: "uint", 2: "int", 3: "float", 4: "uint" };

const COMPRESSION = 259;
const FILL_ORDER = 266;
const PREDICTOR = 317;

/** Packed samples have fewer bits than this. */
const MAX_PACKED_BITS = 16;

/** Compressions of bytes, whatever these mean: none, LZW, deflate, PackBits, Zstandard. */
const PACKED_COMPRESSIONS: readonly number[] = [1, 5, 8, 32773, 32946, 50000];

/**
 * The type of the samples of a page.
 *
 * @throws {ClearstackError} `unsupported` for color, complex numbers, and other forms and compressions that are not read
 */
export function sampleType({ image, directory }: TiffPage, where: string): SampleType {
  const samples = image.getSamplesPerPixel();
  if (samples !== 1) {
    throw new ClearstackError(
      "unsupported",
      `${where} has ${samples} samples per pixel (color); store grey channels as pages of their own, or an OME-Zarr`,
    );
  }
  const compression = integerTag(directory, COMPRESSION) ?? 1;
  if (!isReadCompression(compression)) {
    throw new ClearstackError(
      "unsupported",
      `${where} is compressed by ${
        compressionName(compression)
      }, which is not read; store it with deflate, LZW or zstd`,
      { value: compression },
    );
  }
  const { fileDirectory } = image;
  const first = (tag: "BitsPerSample" | "SampleFormat") => Number(fileDirectory.getValue(tag)?.[0] ?? 1);
  const [bits, format] = [first("BitsPerSample"), first("SampleFormat")];
  const whole = DtypeSchema.safeParse(`${KINDS[format]}${bits}`).data;
  if (whole !== undefined) return { dtype: whole };
  const isPacked = KINDS[format] === "uint" && bits >= 1 && bits < MAX_PACKED_BITS &&
    PACKED_COMPRESSIONS.includes(compression) &&
    (integerTag(directory, FILL_ORDER) ?? 1) === 1 && (integerTag(directory, PREDICTOR) ?? 1) === 1;
  if (isPacked) return { dtype: bits === 1 ? "bool" : bits < 8 ? "uint8" : "uint16", packedBits: bits };
  const kind = { 5: "complex integers", 6: "complex numbers" }[format] ?? KINDS[format] ?? `format ${format}`;
  throw new ClearstackError(
    "unsupported",
    `${where} has samples of ${bits} bits (${kind}), a format not read; store it with integers of 8, 16, 32 or 64 bits, ` +
      "or floats of 16, 32 or 64",
    { value: bits },
  );
}

/**
 * Takes samples of so many bits apart, the highest bit first; each row begins with a byte.
 *
 * @param width samples of a row
 * @returns values of one byte, or of two where the samples have more than 8 bits
 */
export function unpackBits(packed: Uint8Array, bits: number, width: number): Uint8Array {
  const rowBytes = Math.ceil(width * bits / 8);
  const rows = Math.floor(packed.length / rowBytes);
  const values = bits > 8 ? new Uint16Array(rows * width) : new Uint8Array(rows * width);
  const mask = 2 ** bits - 1;
  for (let row = 0; row < rows; row++) {
    for (let x = 0, at = 0; x < width; x++, at += bits) {
      const byte = row * rowBytes + (at >> 3);
      // A sample of at most 15 bits lies in three bytes; those past the end are not of it.
      const word = packed[byte]! << 16 | (packed[byte + 1] ?? 0) << 8 | (packed[byte + 2] ?? 0);
      values[row * width + x] = word >> (24 - bits - (at & 7)) & mask;
    }
  }
  return new Uint8Array(values.buffer);
}
