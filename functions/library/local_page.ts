/**
 * The web page of a service in this process. In a checkout it is built when somebody first asks for it, and again when its source has
 * changed: by a process of its own, since functions know nothing of the bundler.
 */
import { createPageApp, isPagePath } from "functions/view/page_app.ts";
import { pageFolder } from "functions/view/page_folder.ts";
import { ClearstackError } from "shared/errors.ts";

const ROOT = new URL("../../", import.meta.url);

/** Builds the page; in a checkout only. */
const BUILDER = new URL("infra/page/main.ts", ROOT);

/** What a checkout keeps and does not share. */
const CACHE = new URL(".cache/", ROOT);

/** What the page is made of: it deconvolves by itself. */
const SOURCES = ["functions/", "kernels/", "shared/"];

/** Requests for the page. */
interface LocalPage {
  /** The answer to a browser; undefined for any other request. */
  answer(request: Request): Response | Promise<Response> | undefined;
}

/** The page of this process. @param options what is served beside it */
export function localPage(options: Parameters<typeof createPageApp>[1] = {}): LocalPage {
  let fresh: Promise<void> | undefined;
  const app = createPageApp(async () => {
    fresh ??= buildIfStale();
    try {
      await fresh;
    } catch (error) {
      fresh = undefined;
      throw error;
    }
    return await pageFolder();
  }, options);
  return { answer: (request) => isPagePath(request) ? app.fetch(request) : undefined };
}

async function buildIfStale(): Promise<void> {
  if (!import.meta.url.endsWith("/functions/library/local_page.ts") || await modifiedMs(BUILDER) === 0) return;
  if (!await isStale()) return;
  await Deno.mkdir(CACHE, { recursive: true });
  using lock = await Deno.open(new URL("page.lock", CACHE), { write: true, create: true });
  // Others may be building it too.
  await lock.lock(true);
  if (await isStale()) await build();
}

/** True where the page is not built, or its source has changed since. */
async function isStale(): Promise<boolean> {
  const folder = await pageFolder();
  const built = folder === undefined ? 0 : await modifiedMs(new URL("index.html", folder));
  return built <= await newestMs(SOURCES.map((source) => new URL(source, ROOT)));
}

async function build(): Promise<void> {
  const args = ["run", "-A", "--quiet", BUILDER.href, "--out", ".cache/page"];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT, stdin: "null" }).output();
  if (success) return;
  throw new ClearstackError("internal", `the page cannot be built: ${new TextDecoder().decode(stderr).trim()}`);
}

/** When the latest of the files in some folders was changed, milliseconds since 1970. */
async function newestMs(folders: readonly URL[]): Promise<number> {
  let newest = 0;
  for (const folder of folders) {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const url = new URL(isDirectory ? `${name}/` : name, folder);
      newest = Math.max(newest, isDirectory ? await newestMs([url]) : await modifiedMs(url));
    }
  }
  return newest;
}

/** When a file was changed; 0 where there is none. */
async function modifiedMs(url: URL): Promise<number> {
  try {
    return (await Deno.stat(url)).mtime?.getTime() ?? 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
