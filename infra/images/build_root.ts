/**
 * The root file system of an image, made by Debian's tools from the steps of its Dockerfile, where no container engine runs. Needs
 * root, mmdebstrap and a Debian mirror that apt knows.
 */
import { join } from "@std/path";
import type { ImageRecipe, Step } from "./dockerfile_steps.ts";

/** The only base of the images here, and its suite. */
const BASE = /^debian:(\w+)-slim$/;
/** The only other stage: an image that holds the program at /deno. */
const DENO = /^denoland\/deno:bin-(.+)$/;

interface BuildOptions {
  /** Where to make it; must not exist. */
  readonly root: string;
  /** Folder that the image is built in. */
  readonly context: string;
  /** Folder that keeps the bases of Debian. */
  readonly cache: string;
}

/**
 * Makes the root file system.
 *
 * @throws {Error} what a step printed, if it fails; a base or a version of Deno that is not to be had here
 */
export async function buildRoot(recipe: ImageRecipe, { root, context, cache }: BuildOptions): Promise<void> {
  await exec("cp", ["--archive", await debianBase(recipe.base, cache), root]);
  for (const step of recipe.steps) {
    if (step.kind === "run") await runInside(root, step.script, recipe.env);
    else await copyInto(root, step, { context, stages: recipe.stages });
  }
}

/** What `debian:SUITE-slim` holds: the packages that are essential, and apt. */
async function debianBase(image: string, cache: string): Promise<string> {
  const suite = BASE.exec(image)?.[1];
  if (suite === undefined) throw new Error(`${image} is no base that can be made here: expected debian:SUITE-slim`);
  const folder = join(cache, suite);
  if (await Deno.stat(folder).then(() => true, () => false)) return folder;
  await Deno.mkdir(cache, { recursive: true });
  const partial = await Deno.makeTempDir({ dir: cache, prefix: "partial-" });
  const args = ["--quiet", "--variant=minbase", "--mode=root", '--aptopt=Acquire::Check-Valid-Until "false"'];
  await exec("mmdebstrap", [...args, "--skip=cleanup/apt/lists", suite, join(partial, suite), await debianMirror()]);
  await Deno.rename(join(partial, suite), folder);
  await Deno.remove(partial);
  return folder;
}

/** The mirror that the apt of this machine takes Debian from. */
async function debianMirror(): Promise<string> {
  const args = ["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Origin: Debian", "Component: main"];
  const mirror = (await exec("apt-get", args)).split("\n")[0]!;
  if (mirror === "") throw new Error("apt has no Debian mirror set up, or apt-get update has not run yet");
  return mirror;
}

/** Mounts of its own, which end with it; names of hosts are those of this machine. */
async function runInside(root: string, script: string, env: Readonly<Record<string, string>>): Promise<void> {
  const prepare =
    'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && cp /etc/resolv.conf /etc/hosts "$0/etc/"';
  const shell = `${prepare} && exec chroot "$0" /bin/sh -c "$1"`;
  const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  await exec("unshare", ["--mount", "sh", "-c", shell, root, script], {
    clearEnv: true,
    env: { PATH: path, DEBIAN_FRONTEND: "noninteractive", ...env },
  });
}

async function copyInto(
  root: string,
  { stage, from, to, mode }: Extract<Step, { readonly kind: "copy" }>,
  { context, stages }: Pick<BuildOptions, "context"> & Pick<ImageRecipe, "stages">,
): Promise<void> {
  const source = stage === undefined ? join(context, from) : stageFile(stages[stage], from);
  const target = join(root, to);
  await Deno.mkdir(join(target, ".."), { recursive: true });
  const isFolder = (await Deno.stat(source)).isDirectory;
  if (isFolder) await Deno.mkdir(target, { recursive: true });
  await exec("cp", ["--recursive", "--no-target-directory", source, target]);
  await exec("chown", ["--recursive", "0:0", target]);
  if (mode !== undefined) await exec("chmod", ["--recursive", mode, target]);
}

/** Deno as this process runs it, which must be the version that the image names. */
function stageFile(image: string | undefined, path: string): string {
  const version = DENO.exec(image ?? "")?.[1];
  if (version !== Deno.version.deno || path !== "/deno") {
    throw new Error(`${path} of ${image} is not to be had here: this is Deno ${Deno.version.deno}`);
  }
  return Deno.execPath();
}

async function exec(command: string, args: readonly string[], options: Deno.CommandOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(command, { ...options, args: [...args] }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (code !== 0) {
    throw new Error(`${command} ended with status ${code}:\n${(text(stdout) + text(stderr)).trimEnd().slice(-2000)}`);
  }
  return text(stdout);
}
