/** deconwolf (Wernersson et al., Nat. Methods 21 (2024) 1245-1256) with its defaults, where it is installed. */
import type { Volume } from "kernels/deconvolver.ts";
import { openImage } from "shared/image/open_image.ts";
import { readBox } from "shared/image/read/read_box.ts";
import { encodeTiff } from "shared/image/tiff/write_tiff.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { childSeconds } from "../child_seconds.ts";

/** An estimate, or why there is none. */
type PeerRun =
  | { readonly estimate: Float32Array; readonly seconds: number }
  | { readonly missing: string };

/** What it is given. */
interface PeerScene {
  readonly shape: Vec3;
  readonly seen: Float32Array;
  readonly psf: Volume;
}

/**
 * Runs it on floats and two threads; what it takes to plan its transforms it keeps, so the first run of a shape takes longer.
 *
 * @param program name or path of its `dw`
 * @param flags besides; without any it has its defaults
 */
export async function runDeconwolf(
  program: string,
  { shape, seen, psf }: PeerScene,
  flags: readonly string[] = [],
): Promise<PeerRun> {
  const folder = await Deno.makeTempDir({ prefix: "clearstack-deconwolf-" });
  try {
    const spacingMicrometre: Vec3 = [0.2, 0.1, 0.1];
    await Deno.writeFile(`${folder}/image.tif`, encodeTiff({ shape, values: seen, spacingMicrometre }));
    await Deno.writeFile(`${folder}/psf.tif`, encodeTiff({ ...psf, spacingMicrometre }));
    const run = () =>
      new Deno.Command(program, {
        args: ["--float", "--threads", "2", "--overwrite", "--out", "out.tif", ...flags, "image.tif", "psf.tif"],
        cwd: folder,
      }).output();
    const before = await childSeconds();
    const { success, stderr } = await run();
    const seconds = await childSeconds() - before;
    if (!success) return { missing: `it failed: ${new TextDecoder().decode(stderr).trim().slice(-200)}` };
    const image = await openImage({ url: `${folder}/out.tif` }, { environment: NO_ENVIRONMENT });
    const { values } = await readBox(image, { outer: [], box: { start: [0, 0, 0], shape }, boundary: "constant" });
    return { estimate: values, seconds };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { missing: `there is no ${program} (give --deconwolf PATH)` };
    throw error;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
