/** Large synthetic Zarr volumes that cost little to make: every chunk holds the same photon-like noise. */
import { mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { encodeJson } from "shared/image/zarr/json.ts";
import { mapLimited } from "shared/process/map_limited.ts";
import type { Store } from "shared/storage/store.ts";

const CHUNK: Vec3 = [32, 256, 256];

const PUTS_AT_ONCE = 4;

/** The shape of at least `bytes` bytes, grown along z. */
export function repeatedShape(bytes: number): Vec3 {
  const across = 4;
  const alongZ = Math.ceil(bytes / (2 * voxelCount(CHUNK) * across ** 2));
  return [alongZ * CHUNK[0], across * CHUNK[1], across * CHUNK[2]];
}

/** Writes an uncompressed uint16 Zarr v3 array of this shape to a store. */
export async function writeRepeatedVolume(store: Store, shape: Vec3, chunk: Vec3 = CHUNK): Promise<void> {
  await store.put("zarr.json", encodeJson(metadata(shape, chunk)));
  const noise = new Uint8Array(Uint16Array.from({ length: voxelCount(chunk) }, () => 100 + 50 * Math.random()).buffer);
  const [countZ, countY, countX] = mapAxes((axis) => Math.ceil(shape[axis] / chunk[axis]));
  const planes = Array.from({ length: countZ * countY }, (_, row) => [Math.floor(row / countY), row % countY]);
  await mapLimited(planes, PUTS_AT_ONCE, async ([z, y]) => {
    for (let x = 0; x < countX; x++) await store.put(`c/${z}/${y}/${x}`, noise);
  });
}

function metadata(shape: Vec3, chunk: Vec3) {
  return {
    zarr_format: 3,
    node_type: "array",
    shape,
    data_type: "uint16",
    chunk_grid: { name: "regular", configuration: { chunk_shape: chunk } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: [{ name: "bytes", configuration: { endian: "little" } }],
    dimension_names: ["z", "y", "x"],
  };
}
