/** Comparing a core with what the output holds in its place. */
import type { SeamReport, SeamTask } from "shared/contract/seam.ts";
import { openImage } from "shared/image/open_image.ts";
import { readOwn } from "shared/image/output/stored_objects.ts";
import { readBox } from "shared/image/read/read_box.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { releaseMemory } from "shared/process/release_memory.ts";

/**
 * @param core shape `tile.core.shape`, x contiguous
 * @throws {ClearstackError} what reading the output throws
 */
export async function compareWithOutput(
  { output, tile }: SeamTask,
  core: Float32Array,
  access: StoreAccess & { readonly signal: AbortSignal },
): Promise<SeamReport> {
  const image = await openImage({ url: output.url, path: output.array }, access);
  const options = { outer: tile.outer, box: tile.core, boundary: "constant", signal: access.signal } as const;
  const { values } = await readOwn(() => readBox(image, options));
  const report = { index: tile.index, ...difference(core, values) };
  releaseMemory(values);
  return report;
}

/** Largest and root mean square difference, and the peak of `reference`. */
function difference(values: Float32Array, reference: Float32Array) {
  let largest = 0;
  let squares = 0;
  let peak = 0;
  for (let i = 0; i < reference.length; i++) {
    const apart = Math.abs(values[i]! - reference[i]!);
    if (apart > largest) largest = apart;
    squares += apart * apart;
    if (reference[i]! > peak) peak = reference[i]!;
  }
  return { largest, rms: Math.sqrt(squares / reference.length), peak };
}
