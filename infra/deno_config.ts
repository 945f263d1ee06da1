/**
 * Writes what deno.json says several times, since permission sets and tasks there cannot share: a set takes nothing of another,
 * and a flag beside `-P` replaces what the set says of its kind.
 *
 *     deno run -A infra/deno_config.ts
 */
import { writePage } from "./write_page.ts";

const CONFIG = new URL("../deno.json", import.meta.url);

/** Settings of glibc's allocator; docs/engine.md says what they do. */
export const GLIBC_TUNABLES = "glibc.malloc.arena_max=2:glibc.malloc.mmap_threshold=1048576:glibc.malloc.hugetlb=1";

/** Functions that are served, by the names of their folders and permission sets. */
export const FUNCTIONS = ["api", "orchestrate", "deconvolve", "pyramid", "view"] as const;

/** Addresses that no function has business with: metadata of clouds, and what is nobody's. */
const RESERVED = [
  ...["100.100.100.200", "168.63.129.16", "192.0.0.0/24", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"],
  "[fd00:ec2::254]",
];
/** Addresses inside a network, which a sealed function reads nothing from. */
const INNER = [
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "[::1]",
];

const ENV = [
  ...["CLEARSTACK_*", "HOST", "PORT", "AWS_*", "AZURE_*", "GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG"],
  ...["GCE_METADATA_HOST", "GS_NO_SIGN_REQUEST", "STORAGE_EMULATOR_HOST", "IDENTITY_ENDPOINT", "IDENTITY_HEADER"],
  ...["HOME", "APPDATA", "USERPROFILE"],
];
export const SECRETS = ["/etc/clearstack", "/run/secrets", "/var/run/secrets"];
/** The web page of a checkout, once it is built. */
const PAGE = "./.cache/page";
export const STATE = "/var/lib/clearstack";
/** Images and outputs, where the environment names no other folders; see permission_flags.ts. */
export const DATA = "/data";

/** Where the program lies: its modules in the checkout, or its files in a bundle. */
interface Layout {
  /** Folders that threads are started from: a thread is read where it lies. */
  readonly code: readonly string[];
  /** The command line. */
  readonly cli: string;
  /** What prints the flags of a function. */
  readonly flags: string;
  readonly main: (name: string) => string;
}

/** The checkout. */
export const CHECKOUT: Layout = {
  code: ["./functions", "./kernels", "./shared"],
  cli: "functions/cli/main.ts",
  flags: "infra/permission_flags.ts",
  main: (name) => `functions/${name}/main.ts`,
};

/** Permission sets, and the tasks that set the allocator, of the program where it lies. */
export function configOf({ code, cli, flags, main }: Layout) {
  const net = (deny: readonly string[]) => ({ allow: true, deny: deny.toSorted() });
  const plain = { net: net(RESERVED), read: [...code, DATA, ...SECRETS], write: [DATA] };
  const sealed = { ...plain, net: net([...RESERVED, ...INNER]) };
  const orchestrate = { env: [...ENV, "RESTATE_*"], sys: ["systemMemoryInfo"] };
  const deconvolve = { env: [...ENV, "DENO_WEBGPU_BACKEND", "XDG_RUNTIME_DIR"], sys: ["systemMemoryInfo"] };
  const run = `GLIBC_TUNABLES=${GLIBC_TUNABLES} deno run`;
  return {
    permissions: {
      "api": { net: net(RESERVED), env: ENV, read: [...SECRETS, STATE], write: [STATE] },
      "orchestrate": { ...plain, ...orchestrate, read: [...plain.read, STATE], write: [DATA, STATE] },
      "deconvolve": { ...plain, ...deconvolve },
      "pyramid": { ...plain, env: ENV },
      "view": { ...plain, env: ENV, read: [...plain.read, PAGE, STATE], write: [STATE] },
      "deconvolve-sealed": { ...sealed, ...deconvolve },
      "pyramid-sealed": { ...sealed, env: ENV },
    },
    tasks: {
      clearstack: `${run} -A ${cli}`,
      demo: `${run} -A ${cli} demo`,
      ...Object.fromEntries(
        FUNCTIONS.map((name) => [
          `serve:${name}`,
          `${run} -P=${name} --no-prompt $(deno run -A ${flags} ${name}) ${main(name)}`,
        ]),
      ),
    },
  };
}

/** Members of deno.json that are made here. */
export const GENERATED = configOf(CHECKOUT);

if (import.meta.main) {
  const config = JSON.parse(await Deno.readTextFile(CONFIG));
  const { permissions, tasks } = GENERATED;
  const merged = { ...config, permissions, tasks: { ...config.tasks, ...tasks } };
  await writePage(CONFIG.pathname, JSON.stringify(merged, null, 2));
}
