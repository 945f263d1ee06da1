/** The whole job of the 2020 blog from Zarr to Zarr, by the command line in a process of its own. */
import { join } from "@std/path";
import { formatVec3, mapAxes, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { openStore } from "shared/storage/open_store.ts";
import { NO_ENVIRONMENT } from "shared/storage/store_environment.ts";
import { writeRepeatedVolume } from "../memory/repeated_volume.ts";

interface WholeJobOptions {
  /** Voxels of the image, of a tile and of the PSF. */
  readonly shape: Vec3;
  readonly tile: Vec3;
  readonly psf: Vec3;
  readonly iterations: number;
  readonly backend: string;
  /** Command line: the script of functions/cli, or its bundle. */
  readonly cli: string;
}

/** Time and memory of the job. */
export interface WholeJob extends WholeJobOptions {
  /** From start to end of the process. */
  readonly seconds: number;
  /** Voxels of the image times iterations per second, in 1e9. */
  readonly usefulGigavoxelIterations: number;
}

/** Tiles 190x512x512 and PSF 128^3 of uint16 voxels, 100 iterations: the blog's own numbers. */
export const BLOG_JOB = {
  shape: [950, 2048, 2048],
  tile: [190, 512, 512],
  psf: [128, 128, 128],
  iterations: 100,
} as const;

/** Makes the volume and the PSF, then runs the job. */
export async function runWholeJob(options: WholeJobOptions): Promise<WholeJob> {
  const { shape, tile, psf, iterations, backend, cli } = options;
  const folder = await Deno.makeTempDir({ prefix: "clearstack-job-" });
  try {
    const [source, psfPath] = [join(folder, "source.zarr"), join(folder, "psf.zarr")];
    const open = (path: string) => openStore(path, { environment: NO_ENVIRONMENT });
    await writeRepeatedVolume(open(source), shape, mapAxes((axis) => Math.min(shape[axis], [95, 256, 256][axis])));
    await writeRepeatedVolume(open(psfPath), psf, psf);
    const halo = mapAxes((axis) => Math.floor(psf[axis] / 2));
    const job = [
      source,
      join(folder, "out.zarr"),
      "--psf",
      psfPath,
      "--tile",
      formatVec3(tile),
      "--halo",
      formatVec3(halo),
    ];
    const settings = ["--boundary", "periodic", "--iterations", `${iterations}`, "--backend", backend, "--json"];
    const begin = performance.now();
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", cli, "deconvolve", ...job, ...settings],
      stdout: "null",
      stderr: "piped",
    }).output();
    const seconds = (performance.now() - begin) / 1000;
    if (code !== 0) throw new Error(`the job exited with ${code}: ${new TextDecoder().decode(stderr).trim()}`);
    return { ...options, seconds, usefulGigavoxelIterations: (voxelCount(shape) * iterations) / seconds / 1e9 };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
