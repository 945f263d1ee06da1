/** The licences of packages whose code is shipped, which most of them ask to go with it. */
import { join } from "@std/path";
import { packageFolder } from "./bill_of_materials.ts";

/** Names under which packages keep their licence. */
const LICENCE = /^(licen[cs]e|copying|notice)/i;

/**
 * All texts, each below the name of its package.
 *
 * @param packages as installPackages lays them out
 * @param shipped each as `name@version`
 */
export async function licenceTexts(packages: string, shipped: ReadonlySet<string>): Promise<string> {
  const texts = await Promise.all(
    [...shipped].sort().map(async (shipped) => {
      const at = shipped.lastIndexOf("@");
      const folder = packageFolder(packages, shipped.slice(0, at), shipped.slice(at + 1));
      const found: string[] = [];
      for await (const { name, isFile } of Deno.readDir(folder)) {
        if (isFile && LICENCE.test(name)) found.push(await Deno.readTextFile(join(folder, name)));
      }
      if (found.length === 0) {
        const { license, homepage } = JSON.parse(await Deno.readTextFile(join(folder, "package.json")));
        found.push(`Its package says "${license}" and has no text of it: ${homepage ?? "no address is given"}\n`);
      }
      return `${"=".repeat(80)}\n${shipped}\n${"=".repeat(80)}\n\n${found.join("\n").trim()}\n`;
    }),
  );
  return texts.join("\n");
}
