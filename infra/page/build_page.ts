/** The web page as files that any web server sends: one HTML page, its script, its style. */
import { fromFileUrl, join } from "@std/path";
import { bundle } from "../bundle/bundle.ts";

const SOURCE = fromFileUrl(new URL("../../functions/view/page/", import.meta.url));

/** Files that are copied as they are, by where they go. */
const COPIED = { "index.html": "index.html", "page/page.css": "page.css", "page/icon.svg": "icon.svg" };

/** Writes `index.html` and the folder `page` into a folder, which is made if need be. */
export async function buildPage(folder: string): Promise<void> {
  await bundle({
    entryPoints: { page: "functions/view/page/main.tsx" },
    outDir: join(folder, "page"),
    platform: "browser",
    replaced: { "node:zlib": "functions/view/page/data/browser_zlib.ts" },
    // Codecs that zarrita would load: shared/codec has taken their names by then.
    leftOut: ["numcodecs/*"],
  });
  for (const [target, source] of Object.entries(COPIED)) {
    await Deno.copyFile(join(SOURCE, source), join(folder, target));
  }
}
