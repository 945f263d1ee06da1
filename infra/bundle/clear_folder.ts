/** Room for what a script writes anew each time. */
import { join } from "@std/path";

/** A file that every folder of ours has. */
const OWN = "sbom.json";

/**
 * Removes what an earlier run left in a folder, and makes the folder if need be.
 *
 * @throws {Error} if the folder holds something else
 */
export async function clearFolder(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const isEmpty = (await Array.fromAsync(Deno.readDir(folder))).length === 0;
  if (isEmpty) return;
  const isOwn = await Deno.stat(join(folder, OWN)).then(() => true, () => false);
  if (!isOwn) throw new Error(`${folder} holds files, but no ${OWN} of an earlier run: name an empty or new folder`);
  await Deno.remove(folder, { recursive: true });
  await Deno.mkdir(folder);
}
