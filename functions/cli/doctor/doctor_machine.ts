/** The doctor's view of a machine, without computing anything. */
import { freeMemoryBytes } from "shared/process/free_memory.ts";

/** The machine, as far as Clearstack depends on it. */
export interface Machine {
  readonly deno: string;
  readonly system: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Free memory, or the limit of the container where that is less. */
  readonly freeBytes: number;
  readonly temporaryFolder: { readonly path?: string; readonly problem?: string };
  readonly vulkan: Vulkan;
  /** Cards that this process could reach, as Linux lists them; undefined on other systems, which tell it in other ways. */
  readonly gpus?: number;
}

/** The way to the GPUs on Linux. */
interface Vulkan {
  /** True if the loader libvulkan.so.1 can be opened; undefined on systems that have no need of it. */
  readonly loader?: boolean;
  /** Driver descriptions that the loader would find. */
  readonly drivers: readonly string[];
}

export async function lookAtMachine(): Promise<Machine> {
  return {
    deno: Deno.version.deno,
    system: `${Deno.build.os} ${Deno.build.arch}`,
    cores: navigator.hardwareConcurrency,
    memoryBytes: Deno.systemMemoryInfo().total,
    freeBytes: freeMemoryBytes(),
    temporaryFolder: await tryTemporaryFolder(),
    ...(Deno.build.os === "linux"
      ? { vulkan: { loader: canOpenLoader(), drivers: listDrivers() }, gpus: countGpus() }
      : { vulkan: { drivers: [] } }),
  };
}

async function tryTemporaryFolder(): Promise<Machine["temporaryFolder"]> {
  try {
    const path = await Deno.makeTempDir({ prefix: "clearstack-doctor-" });
    await Deno.writeTextFile(`${path}/probe`, "probe");
    await Deno.remove(path, { recursive: true });
    return { path: path.slice(0, path.lastIndexOf("/")) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Opens it the way the GPU code does, so that LD_LIBRARY_PATH and the system's cache count. */
function canOpenLoader(): boolean {
  try {
    Deno.dlopen("libvulkan.so.1", {}).close();
    return true;
  } catch {
    return false;
  }
}

/**
 * WebGPU tells of one adapter, never of how many there are. NVIDIA's driver and the kernel's list all; in a container, the nodes of
 * devices are those that it was given.
 *
 * @param root of the file system
 */
export function countGpus(root = "/"): number {
  const count = (folder: string, name: RegExp) => {
    try {
      return [...Deno.readDirSync(`${root}${folder}`)].filter((entry) => name.test(entry.name)).length;
    } catch {
      return 0;
    }
  };
  return Math.max(count("dev", /^nvidia\d+$/), count("dev/dri", /^renderD\d+$/));
}

function listDrivers(): string[] {
  return ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"].flatMap((folder) => {
    try {
      return [...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`).sort();
    } catch {
      return [];
    }
  });
}
