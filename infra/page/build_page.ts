/** The web pages as files that any web server sends, each an HTML page with its script and its style: the viewer, and the start page. */
import { fromFileUrl, join } from "@std/path";
import { bundle, type BundledModule } from "../bundle/bundle.ts";

const SOURCE = fromFileUrl(new URL("../../functions/view/page/", import.meta.url));

/** Files that are copied as they are, by where they go. */
const COPIED = {
  "page/page.css": "page.css",
  "page/start.css": "start/start.css",
  "page/icon.svg": "icon.svg",
  "start.html": "start/start.html",
  "index.html": "index.html",
};

/** What browsers have not, and what stands in for it. */
const REPLACED = {
  "node:zlib": "functions/view/page/data/browser_zlib.ts",
  "node:crypto": "functions/view/page/data/browser_crypto.ts",
  "node:util": "functions/view/page/data/browser_util.ts",
  "shared/storage/open_store.ts": "functions/library/preview/browser_stores.ts",
};

/**
 * Codecs that zarrita would load: shared/codec has taken their names by then. Of geotiff those of compressions that shared/image
 * refuses before, or decodes itself. The threads of Node, which unzipit asks for there alone.
 */
const LEFT_OUT = ["numcodecs/*", "lerc", "pako", "zstddec", "zstddec/*", "worker_threads"];

/**
 * Writes `index.html` and the folder `page` into a folder, which is made if need be. The HTML comes last, so that a page that is
 * there is whole.
 *
 * @returns the scripts
 */
export async function buildPage(folder: string): Promise<BundledModule[]> {
  await removeEarlier(join(folder, "page"));
  const modules = await bundle({
    entryPoints: {
      page: "functions/view/page/main.tsx",
      start: "functions/view/page/start/main.ts",
      // A Worker that the viewer starts when somebody wants to deconvolve there, or chooses a file.
      preview: "functions/library/preview/worker.ts",
    },
    outDir: join(folder, "page"),
    platform: "browser",
    replaced: REPLACED,
    leftOut: LEFT_OUT,
    together: true,
    first: ["functions/view/page/data/subtle_by_http.ts"],
  });
  for (const [target, source] of Object.entries(COPIED)) {
    await Deno.copyFile(join(SOURCE, source), join(folder, target));
  }
  return modules;
}

/** Removes the scripts of an earlier page, whose names may be others; a folder of anything else is left alone. */
async function removeEarlier(folder: string): Promise<void> {
  const isOurs = await Deno.stat(join(folder, "page.js")).then(() => true, () => false);
  if (isOurs) await Deno.remove(folder, { recursive: true });
}
