/** Images that a program holds in memory, put where a job reads them. */
import { type Dtype, DtypeSchema } from "shared/contract/image_info.ts";
import { LocationSchema } from "shared/contract/location.ts";
import { ClearstackError } from "shared/errors.ts";
import { encodeJson } from "shared/image/zarr/json.ts";
import type { ChunkValues } from "shared/image/image.ts";
import type { Store } from "shared/storage/store.ts";
import { positionAt } from "shared/volume/position.ts";

/** An image or a PSF in memory. */
export interface ArrayImage {
  /** Voxels in row-major order, the last axis contiguous. They are copied before the job begins. */
  readonly data: ChunkValues | Uint8ClampedArray;
  /** Length of each axis. */
  readonly shape: readonly number[];
  /** Name of each axis, in the order tczyx: `zyx`, `yx`, `czyx`. */
  readonly axes: string;
  /** Spacing of voxels along the spatial axes, z (if there is one), y, x. @default {unknown} */
  readonly voxelSize?: readonly number[] | undefined;
  /** Unit of `voxelSize`, such as nanometer. @default {"micrometer"} */
  readonly unit?: string | undefined;
}

/** Stored chunks are whole planes of about this size. */
const CHUNK_BYTES = 8 * 2 ** 20;

const AXIS_TYPES: Readonly<Record<string, string>> = { t: "time", c: "channel" };

interface CheckedArray extends ArrayImage {
  readonly dtype: Dtype;
  /** Length of the axes that a plane has before it, in one number. */
  readonly planes: number;
}

/**
 * Checks an array.
 *
 * @param name what the array is, for messages: `source`
 * @throws {ClearstackError} `invalid-request` with the path and the value of what is wrong
 */
export function checkArray(name: string, image: ArrayImage): CheckedArray {
  const refuse = (path: string, value: unknown, message: string): never => {
    throw new ClearstackError("invalid-request", `${name}.${path}: ${message}`, { path: `${name}.${path}`, value });
  };
  const { data, shape, axes, voxelSize, unit, ...unknown } = image;
  const [stray] = Object.keys(unknown);
  if (stray !== undefined) {
    refuse(stray, unknown[stray as never], "is not known: give data, shape, axes, voxelSize, unit");
  }
  const dtype = DtypeSchema.safeParse(
    String(data?.[Symbol.toStringTag]).toLowerCase().replace(/^big|(clamped)?array$/g, ""),
  ).data ?? refuse("data", String(data), "expected a typed array, such as Uint16Array or Float32Array");
  if (LocationSchema.shape.axes.safeParse(axes).success === false || axes === undefined) {
    if (axes !== "yx") refuse("axes", axes, `"${axes}": write them in the order tczyx, for example zyx or czyx`);
  }
  if (!Array.isArray(shape) || !shape.every((side) => Number.isSafeInteger(side) && side > 0)) {
    refuse("shape", shape, `[${shape}]: expected whole numbers of at least 1`);
  }
  if (shape.length !== axes.length) {
    refuse(
      "shape",
      shape,
      `[${shape}] has ${shape.length} lengths for the ${axes.length} axes ${axes}: give one for each`,
    );
  }
  const voxels = shape.reduce((product, side) => product * side, 1);
  if (data.length !== voxels) {
    refuse("data", data.length, `has ${data.length} values, but the shape ${shape.join(" x ")} has ${voxels}`);
  }
  const spatial = axes.replace(/[tc]/g, "").length;
  if (voxelSize !== undefined && (voxelSize.length !== spatial || !voxelSize.every((side) => side > 0))) {
    refuse("voxelSize", voxelSize, `[${voxelSize}]: expected ${spatial} numbers above 0, for ${axes.slice(-spatial)}`);
  }
  if (unit !== undefined && voxelSize === undefined) refuse("unit", unit, `"${unit}" needs a voxelSize`);
  return { ...image, dtype, planes: voxels / shape.at(-1)! / shape.at(-2)! };
}

/**
 * Writes an array as an OME-Zarr.
 *
 * @param options with `voxels: false`, its metadata alone: all that a plan reads of a source
 */
export async function storeArray(store: Store, image: CheckedArray, { voxels = true } = {}): Promise<void> {
  const { data, shape, axes } = image;
  const depth = axes.includes("z") ? shape.at(-3)! : 1;
  const planeBytes = data.BYTES_PER_ELEMENT * shape.at(-2)! * shape.at(-1)!;
  const planes = Math.min(depth, Math.max(1, Math.floor(CHUNK_BYTES / planeBytes)));
  const bytes = new Uint8Array(data.buffer, data.byteOffset, voxels ? data.byteLength : 0);
  const outer = axes.includes("z") ? shape.slice(0, -3) : shape.slice(0, -2);
  const volumeBytes = depth * planeBytes;
  for (let volume = 0; volume * volumeBytes < bytes.length; volume++) {
    for (let first = 0; first < depth; first += planes) {
      const start = volume * volumeBytes + first * planeBytes;
      const chunk = new Uint8Array(planes * planeBytes);
      chunk.set(bytes.subarray(start, start + Math.min(planes, depth - first) * planeBytes));
      const at = [...positionAt(volume, outer), ...(axes.includes("z") ? [first / planes] : []), 0, 0];
      await store.put(`0/c/${at.join("/")}`, chunk);
    }
  }
  await store.put("0/zarr.json", encodeJson(arrayDocument(image, planes)));
  await store.put("zarr.json", encodeJson(groupDocument(image)));
}

function arrayDocument({ shape, axes, dtype }: CheckedArray, planes: number) {
  const spatial = axes.includes("z") ? 3 : 2;
  return {
    zarr_format: 3,
    node_type: "array",
    shape,
    data_type: dtype,
    chunk_grid: {
      name: "regular",
      configuration: {
        chunk_shape: shape.map((side, axis) =>
          axis < shape.length - spatial ? 1 : axis < shape.length - 2 ? planes : side
        ),
      },
    },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: [{ name: "bytes", configuration: { endian: "little" } }],
    dimension_names: [...axes],
    attributes: {},
  };
}

function groupDocument({ axes, voxelSize, unit = "micrometer" }: CheckedArray) {
  const named = [...axes].map((name) => ({
    name,
    type: AXIS_TYPES[name] ?? "space",
    ...(AXIS_TYPES[name] === undefined && voxelSize !== undefined ? { unit } : {}),
  }));
  const outer = axes.replace(/[zyx]/g, "").length;
  const scale = [...axes].map((_, axis) => voxelSize?.[axis - outer] ?? 1);
  const datasets = [{ path: "0", coordinateTransformations: [{ type: "scale", scale }] }];
  const multiscales = [{ axes: named, datasets }];
  return { zarr_format: 3, node_type: "group", attributes: { ome: { version: "0.5", multiscales } } };
}
