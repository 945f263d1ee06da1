/** What a process computes its tiles with, and keeps from one to the next. */
import type { OnIterations } from "kernels/deconvolver.ts";
import type { Image } from "shared/image/image.ts";
import { reopenImage } from "shared/image/open_image.ts";
import { RecentCache } from "shared/process/recent_cache.ts";
import { VoxelMemory } from "shared/process/voxel_memory.ts";
import type { Psf } from "shared/psf/fit_psf.ts";
import type { StoreAccess, StoreEnvironment } from "shared/storage/store_environment.ts";
import { type ChosenDevice, DeconvolverPool, type Kernels } from "../pool/deconvolver_pool.ts";
import type { BoxTask } from "./kernel_options.ts";
import { KeptCores } from "./kept_cores.ts";

/** Sources whose handles are kept; a process works on one job at a time, or on few. */
const KEPT_HANDLES = 4;

/** PSFs that are kept, which may be large: that of one channel, and that of the next while its first tiles overlap. */
const KEPT_PSFS = 2;

export interface Means extends StoreAccess {
  readonly kernels: Kernels;
  /** Looking for a GPU takes a while and gives the same answer for every tile. */
  readonly backends: RecentCache<string, ChosenDevice>;
  readonly pool: DeconvolverPool;
  readonly images: RecentCache<string, Image>;
  readonly psfs: RecentCache<string, Psf>;
  /** Of boxes and what is computed on them. */
  readonly memory: VoxelMemory;
  readonly kept: KeptCores;
  /** Has what is read and written from now on encoded and decoded on threads. */
  readonly openCodecThreads: () => void;
  /** Told of the iterations of the task under way. */
  readonly onIterations?: OnIterations | undefined;
}

export function newMeans(
  { kernels, environment, openCodecThreads }: {
    readonly kernels: Kernels;
    readonly environment: StoreEnvironment;
    readonly openCodecThreads: () => void;
  },
): Means {
  const memory = new VoxelMemory();
  return {
    kernels,
    environment,
    backends: new RecentCache(KEPT_HANDLES),
    pool: new DeconvolverPool(kernels),
    images: new RecentCache(KEPT_HANDLES),
    psfs: new RecentCache(KEPT_PSFS),
    memory,
    kept: new KeptCores(),
    openCodecThreads: () => {
      openCodecThreads();
      memory.share();
    },
  };
}

/** The source of a task. */
export function sourceOf({ source }: BoxTask, { images, environment }: Means, signal: AbortSignal): Promise<Image> {
  return images.get(JSON.stringify(source), (signal) => reopenImage(source, { environment, signal }), signal);
}

/**
 * The backend of a task. A GPU must not wait for codecs, so they get threads; kernels on the CPU have all cores already, and threads
 * would only take memory.
 */
export async function chooseBackend({ backend }: BoxTask, means: Means): Promise<ChosenDevice> {
  const chosen = await means.backends.get(backend, () => means.kernels.chooseBackend(backend));
  if (chosen.boxesAtOnce > 1) means.openCodecThreads();
  return chosen;
}
