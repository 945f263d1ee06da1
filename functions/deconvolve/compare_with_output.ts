/** Comparing a core with what the output holds in its place. */
import { FLAT, type SeamReport, type SeamTask } from "shared/contract/seam.ts";
import { openImage } from "shared/image/open_image.ts";
import { readOwn } from "shared/image/output/stored_objects.ts";
import { readBox } from "shared/image/read/read_box.ts";
import { largestInteger } from "shared/volume/dtype.ts";
import type { StoreAccess } from "shared/storage/store_environment.ts";
import { releaseMemory } from "shared/process/release_memory.ts";

/**
 * Compares values with values: of stored integers, those that they stand for. What rounding and clipping leave is no seam, so the
 * core is clipped as they were, and a difference counts from half a step on.
 *
 * @param core shape `tile.core.shape`, x contiguous
 * @throws {ClearstackError} what reading the output throws
 */
export async function compareWithOutput(
  { output, tile, algorithm: { scale = 0 } }: SeamTask,
  core: Float32Array,
  access: StoreAccess & { readonly signal: AbortSignal },
): Promise<SeamReport> {
  const image = await openImage({ url: output.url, path: output.array }, access);
  const options = { outer: tile.outer, box: tile.core, boundary: "constant", signal: access.signal } as const;
  const { values } = await readOwn(() => readBox(image, options));
  const report = { index: tile.index, ...difference(core, values, { ...output, dark: FLAT * scale }) };
  releaseMemory(values);
  return report;
}

/**
 * Largest and root mean square difference, and the peak of what is stored: a step at least, since nothing less can be told, and what
 * counts as dark, since accelerated iterations leave traces there (1e-11 of the image's intensity) in which no two boxes are alike.
 */
function difference(
  values: Float32Array,
  stored: Float32Array,
  { dtype, intensity, dark }: Pick<SeamTask["output"], "dtype" | "intensity"> & { readonly dark: number },
) {
  const { scale, offset } = intensity ?? { scale: 1, offset: 0 };
  const step = intensity ? scale : 0;
  const [lo, hi] = intensity ? [offset, offset + scale * largestInteger(dtype)!] : [-Infinity, Infinity];
  let largest = 0;
  let squares = 0;
  let peak = Math.max(step, dark);
  for (let i = 0; i < stored.length; i++) {
    const reference = offset + scale * stored[i]!;
    const apart = Math.max(0, Math.abs(Math.min(Math.max(values[i]!, lo), hi) - reference) - step / 2);
    if (apart > largest) largest = apart;
    squares += apart * apart;
    if (reference > peak) peak = reference;
  }
  return { largest, rms: Math.sqrt(squares / stored.length), peak };
}
