/** Everything a job needs on this machine: the CPU computes in this process, a GPU in one that it cannot take down with it. */
import { createTileComputer } from "functions/deconvolve/compute_tile.ts";
import { describeDevice, withBoxesAtOnce } from "functions/deconvolve/startup/describe_device.ts";
import { createLevelReducer } from "functions/pyramid/reduce_tile.ts";
import { computeClaim } from "functions/orchestrate/plan/compute_claim.ts";
import type { JobDeps } from "functions/orchestrate/run/run_job.ts";
import { chooseBackend, createDeconvolver } from "kernels/backend.ts";
import { openCodecThreads } from "shared/codec/threads/codec_threads.ts";
import type { Config } from "shared/config.ts";
import { createLocalEngine } from "shared/engine/local.ts";
import { measuredTasks } from "shared/engine/measured_tasks.ts";
import type { DeconvolveKind, Invoke, TaskFunctions, TaskKind } from "shared/engine/task_kinds.ts";
import type { StoreEnvironment } from "shared/storage/store_environment.ts";
import { plainLog } from "shared/telemetry/log.ts";
import { instructOwnGpuDrivers } from "./process_environment.ts";
import { SupervisedTiles } from "./supervised_tiles.ts";

/** The functions hosted by one process. */
export interface LocalProcess {
  readonly deps: JobDeps;
  /** Frees the device. */
  close(): Promise<void>;
}

/** Places that this machine's own processes may reach: wherever the user can. */
const UNGUARDED = { CLEARSTACK_ADDRESS_GUARD: "off" };

/** What the functions see of the machine and of the world. */
export interface LocalWorld {
  readonly config: Config;
  readonly environment: StoreEnvironment;
  /** True where a process that is started would see another world, so that none may be. @default {false} */
  readonly aloneInWorld?: boolean;
}

/** How the functions are put together. */
export interface LocalProcessOptions {
  /** Variables by which a process that is started for jobs of others is held to what they may name. */
  readonly guard?: Readonly<Record<string, string>> | undefined;
  /** Jobs read or write memory of this process, so that it has to compute on the GPU itself. @default {false} */
  readonly inMemory?: boolean;
  /** Told how far each task on the device is, from its start to its end. */
  readonly onTask?: ((progress: TaskProgress) => void) | undefined;
}

/** How far a task on the device is. */
export interface TaskProgress {
  readonly kind: DeconvolveKind;
  /** Tells tasks of a kind apart. */
  readonly index: number;
  /** Iterations done; undefined once the task has ended, well or not. */
  readonly done: number | undefined;
  readonly iterations: number;
}

/** Puts the functions together; nothing is started or allocated before it is needed. */
export function openLocalProcess(
  { config, environment }: LocalWorld,
  { guard = UNGUARDED, inMemory = false, onTask }: LocalProcessOptions = {},
): LocalProcess {
  if (inMemory) instructOwnGpuDrivers();
  const here = createTileComputer({
    chooseBackend: async (choice) => withBoxesAtOnce(await chooseBackend(choice), config),
    createDeconvolver,
  }, environment);
  const { hostBytes, deviceBytes, boxesAtOnce } = config;
  const env = {
    ...guard,
    CLEARSTACK_MEMORY: `${hostBytes}`,
    CLEARSTACK_DEVICE_MEMORY: `${deviceBytes}`,
    ...(boxesAtOnce === undefined ? {} : { CLEARSTACK_GPU_BOXES: `${boxesAtOnce}` }),
  };
  const onGpu = new SupervisedTiles({ process: { env } });
  const placeOf = ({ backend }: { readonly backend: string }): TaskFunctions<DeconvolveKind> =>
    backend === "cpu" || inMemory ? here : onGpu;
  const reduce = createLevelReducer(environment);
  let codecThreads: ReturnType<typeof openCodecThreads> | undefined;
  const deps: JobDeps = {
    engine: createLocalEngine(measuredTasks<TaskKind>(
      {
        tiles: told("tiles", (task, ...given) => placeOf(task).tiles(task, ...given), onTask),
        seams: told("seams", (task, ...given) => placeOf(task).seams(task, ...given), onTask),
        pilots: told("pilots", (task, ...given) => placeOf(task).pilots(task, ...given), onTask),
        levels: (task, signal) => {
          // The cores have nothing else to do then, and the plan counts on it.
          if (onGpu.wasUsed) codecThreads ??= openCodecThreads();
          return reduce(task, signal);
        },
      },
      ["tiles", "seams", "pilots", "levels"],
      plainLog,
    )),
    device: async (choice) => {
      if (choice === "cpu" || inMemory) return await describeDevice(choice, config);
      const device = await onGpu.device(choice);
      if (device.backend === "cpu") await onGpu.close();
      return device;
    },
    computeClaim,
    environment,
  };
  return {
    deps,
    close: async () => {
      await here.close();
      await onGpu.close();
      codecThreads?.close();
      codecThreads = undefined;
    },
  };
}

/** The function, its progress told. */
function told<K extends DeconvolveKind>(
  kind: K,
  invoke: Invoke<K>,
  onTask: LocalProcessOptions["onTask"],
): Invoke<K> {
  if (onTask === undefined) return invoke;
  return async (task, signal) => {
    const { tile: { index }, algorithm: { iterations } } = task;
    const tell = (done: number | undefined) => onTask({ kind, index, done, iterations });
    tell(0);
    try {
      return await invoke(task, signal, tell);
    } finally {
      tell(undefined);
    }
  };
}
