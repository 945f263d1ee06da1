/**
 * Limit that Linux puts on the memory of a container, a service or a batch job: control groups (cgroups) of version 1 and 2, see
 * cgroups(7). Quotas of processor time need nothing here: `navigator.hardwareConcurrency` follows both versions.
 */

/** Reads a whole text file; throws where it may not, or where there is none. */
type ReadText = (path: string) => string;

/** A mounted tree of groups. */
interface Mount {
  readonly version: 1 | 2;
  /** The group that the mount shows as its root. */
  readonly root: string;
  /** Folder at which it is mounted. */
  readonly mount: string;
}

/** A group that this process is in, as the tree of groups that is mounted shows it. */
interface Group {
  /** Folder at which the tree is mounted. */
  readonly mount: string;
  /** Folders below the mount, from the outermost to the group itself. */
  readonly below: readonly string[];
  /** Files that state a limit, in bytes. */
  readonly files: readonly string[];
}

/** `memory.high` does not kill: the kernel slows down whoever is above it until nothing moves. */
const FILES = { 1: ["memory.limit_in_bytes"], 2: ["memory.max", "memory.high"] } as const;

/**
 * The smallest limit of the group of this process and of all groups around it, bytes; Infinity where none is stated.
 *
 * @param read reads files of `/proc` and `/sys`
 */
export function containerMemoryBytes(read: ReadText): number {
  const limits = memoryGroups(read).flatMap(({ mount, below, files }) => {
    const folders = below.map((_, depth) => [mount, ...below.slice(0, depth + 1)].join("/"));
    return [mount, ...folders].flatMap((folder) => files.map((file) => limitIn(read, `${folder}/${file}`)));
  });
  return Math.min(Infinity, ...limits);
}

/** Groups that may limit memory; where both versions are mounted, one of each. */
function memoryGroups(read: ReadText): Group[] {
  // `4:memory:/system.slice/a.service` in version 1, `0::/system.slice/a.service` in version 2
  const paths = linesOf(read, "/proc/self/cgroup").flatMap((line): { version: 1 | 2; path: string }[] => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) return [];
    if (controllers === "") return [{ version: 2, path }];
    return controllers!.split(",").includes("memory") ? [{ version: 1, path }] : [];
  });
  const mounts = linesOf(read, "/proc/self/mountinfo").flatMap(parseMount);
  return paths.flatMap(({ version, path }) =>
    mounts.filter((mount) => mount.version === version).map(({ root, mount }) => ({
      mount,
      below: partsBelow(root, path),
      files: FILES[version],
    }))
  );
}

/** `36 25 0:30 / /sys/fs/cgroup/memory rw shared:1 - cgroup cgroup rw,memory`: fields up to the hyphen vary in number. */
function parseMount(line: string): Mount[] {
  const [before, after] = line.split(" - ", 2);
  const [root, mount] = before!.split(" ").slice(3, 5).map(unescapeOctal);
  const [type, , options] = (after ?? "").split(" ");
  const version = type === "cgroup2" ? 2 : type === "cgroup" && options?.split(",").includes("memory") ? 1 : undefined;
  if (root === undefined || mount === undefined || version === undefined) return [];
  return [{ version, root, mount }];
}

/**
 * Names from the root of a mount to a group. A container often sees its own group as the root, while `path` is still the host's or leads
 * out of what it can see: then only the mount is left to look at.
 */
function partsBelow(root: string, path: string): string[] {
  const parts = (text: string) => text.split("/").filter((part) => part !== "");
  const [above, all] = [parts(root), parts(path)];
  if (all.includes("..") || above.some((part, depth) => part !== all[depth])) return [];
  return all.slice(above.length);
}

/** A number of bytes, or `max` for none. Groups at the root have no such file. */
function limitIn(read: ReadText, path: string): number {
  const [text] = linesOf(read, path);
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : Infinity;
}

function linesOf(read: ReadText, path: string): string[] {
  try {
    return read(path).trimEnd().split("\n");
  } catch {
    return [];
  }
}

/** Spaces and the like are written as `\040`. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
}
