/** Settings of a process. They come from the environment, which only a main.ts reads, and are parsed here once. */
import { ClearstackError } from "./errors.ts";

/** Settings that every function shares. */
export interface Config {
  /** Host memory one process may use, bytes. */
  readonly hostBytes: number;
  /** Device memory one process may use where the kernels run on a GPU, bytes. */
  readonly deviceBytes: number;
  /** Boxes on a GPU at the same time; undefined for what suits it. */
  readonly boxesAtOnce?: number;
}

/** Device memory that is counted on where nothing else is said: WebGPU does not tell, and most GPUs have more. */
export const DEFAULT_DEVICE_BYTES = 4 * 2 ** 30;

/** Share of the free memory that is used where nothing else is said; the rest is left to the page cache and others. */
const HOST_SHARE = 0.6;

/** More than this is used only if asked for. */
const MAX_HOST_BYTES = 16 * 2 ** 30;

/** Sources of the settings. */
export interface ConfigSources {
  readonly env: (name: string) => string | undefined;
  /** Bytes of memory that are free. */
  readonly freeBytes: number;
}

/**
 * Reads the settings: CLEARSTACK_MEMORY and CLEARSTACK_DEVICE_MEMORY, sizes such as 4GiB, and CLEARSTACK_GPU_BOXES, how many
 * boxes overlap on a GPU.
 *
 * @throws {ClearstackError} `invalid-request` naming the variable
 */
export function readConfig({ env, freeBytes }: ConfigSources): Config {
  const memory = env("CLEARSTACK_MEMORY");
  const deviceMemory = env("CLEARSTACK_DEVICE_MEMORY");
  return {
    hostBytes: memory === undefined ? defaultHostBytes(freeBytes) : parseBytes("CLEARSTACK_MEMORY", memory),
    deviceBytes: deviceMemory === undefined
      ? DEFAULT_DEVICE_BYTES
      : parseBytes("CLEARSTACK_DEVICE_MEMORY", deviceMemory),
    ...readBoxesAtOnce(env("CLEARSTACK_GPU_BOXES")),
  };
}

function readBoxesAtOnce(text: string | undefined): Pick<Config, "boxesAtOnce"> {
  if (text === undefined) return {};
  if (/^[1-4]$/.test(text)) return { boxesAtOnce: Number(text) };
  throw new ClearstackError("invalid-request", `CLEARSTACK_GPU_BOXES "${text}": expected a number from 1 to 4`);
}

function defaultHostBytes(freeBytes: number): number {
  return Math.floor(Math.min(MAX_HOST_BYTES, freeBytes * HOST_SHARE));
}

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** The form that {@link parseBytes} takes, for messages. */
export const BYTES_FORM = "a size in bytes, such as 512MiB, 2GB or 1.5GiB";

/**
 * Parses a size in bytes with an optional unit, powers of 1000 (kB, MB, GB, TB) or of 1024 (KiB, MiB, GiB, TiB).
 *
 * @param name what the size is of, for the message
 * @throws {ClearstackError} `invalid-request`
 *
 * @example
 * ```ts
 * import { parseBytes } from "./config.ts";
 * console.log(parseBytes("--memory", "1.5GiB")); // 1610612736
 * ```
 */
export function parseBytes(name: string, text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = UNITS[unit?.toLowerCase() ?? "?"];
  const bytes = factor === undefined ? NaN : Math.floor(Number(number) * factor);
  if (!Number.isSafeInteger(bytes) || bytes < 1) {
    throw new ClearstackError("invalid-request", `${name} "${text}": expected ${BYTES_FORM}`);
  }
  return bytes;
}
