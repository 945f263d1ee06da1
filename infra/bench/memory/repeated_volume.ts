/** Large synthetic Zarr volumes that cost little to make: every chunk holds the same photon-like noise. */
import { join } from "@std/path";
import type { Vec3 } from "shared/geometry.ts";
import { voxelCount } from "shared/geometry.ts";

const CHUNK: Vec3 = [32, 256, 256];

/**
 * Writes an uncompressed uint16 Zarr v3 array of at least `bytes` bytes, grown along z, or of a given shape in one chunk.
 *
 * @returns its shape
 */
export async function writeRepeatedVolume(folder: string, bytes: number, single?: Vec3): Promise<Vec3> {
  const chunk = single ?? CHUNK;
  const across = single ? 1 : 4;
  const chunkBytes = 2 * voxelCount(chunk);
  const alongZ = single ? 1 : Math.ceil(bytes / (chunkBytes * across ** 2));
  const shape: Vec3 = single ?? [alongZ * chunk[0], across * chunk[1], across * chunk[2]];
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(join(folder, "zarr.json"), JSON.stringify(metadata(shape, chunk)));
  const noise = new Uint8Array(Uint16Array.from({ length: voxelCount(chunk) }, () => 100 + 50 * Math.random()).buffer);
  for (let z = 0; z < shape[0] / chunk[0]; z++) {
    for (let y = 0; y < shape[1] / chunk[1]; y++) {
      await Deno.mkdir(join(folder, "c", `${z}`, `${y}`), { recursive: true });
      for (let x = 0; x < shape[2] / chunk[2]; x++) {
        await Deno.writeFile(join(folder, "c", `${z}`, `${y}`, `${x}`), noise);
      }
    }
  }
  return shape;
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
