/** Where the files of the web page lie, once they are built: beside the bundle, or in the checkout. */

/** Folder of the page in a bundle, from the bundled module; infra/bundle puts it there. */
const IN_BUNDLE = new URL("./web/", import.meta.url);

/** Folder of the page in a checkout, from this file; `deno task page` and `serve` put it there. */
const IN_CHECKOUT = new URL("../../.cache/page/", import.meta.url);

/** True for this file in a checkout; in a bundle, its folder means nothing. */
const IS_CHECKOUT = import.meta.url.endsWith("/functions/view/page_folder.ts");

/** The folder as a URL that ends in a slash; undefined where the page is not built. */
export async function pageFolder(): Promise<URL | undefined> {
  const folder = IS_CHECKOUT ? IN_CHECKOUT : IN_BUNDLE;
  try {
    await Deno.stat(new URL("index.html", folder));
    return folder;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
