/** Commands in the root file system of an image, as a container would run them: not as root, and on a root that cannot be written. */
import type { ImageRecipe } from "./dockerfile_steps.ts";

/** A command and its environment, for `Deno.Command`. */
interface RootCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** /tmp and what else must be written lies in memory; all mounts end with the command. */
const ENTER = `set -e
root=$0 user=$1 folder=$2
shift 2
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
cp /etc/resolv.conf /etc/hosts "$root/etc/" 2> /dev/null || true
mount -o remount,bind,ro "$root"
exec chroot --userspec="$user" "$root" /bin/sh -c 'cd "$0" && exec "$@"' "$folder" "$@"`;

/**
 * The entry point of an image with these words behind it.
 *
 * @param root made by build_root.ts
 */
export function inRoot(
  root: string,
  { env, user, folder, entrypoint, command }: ImageRecipe,
  words: readonly string[] = command,
): RootCommand {
  return {
    command: "unshare",
    args: ["--mount", "sh", "-c", ENTER, root, user, folder, ...entrypoint, ...words],
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ...env },
  };
}
