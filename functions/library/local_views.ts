/** Views of a service in this process: their cache, and what answers viewers. */
import { createSignedApp, isSignedPath } from "functions/view/signed_app.ts";
import { readViewSettings } from "functions/view/view_settings.ts";
import { Views } from "functions/view/views.ts";
import { ClearstackError } from "shared/errors.ts";
import type { JobRunner } from "shared/engine/job_runner.ts";
import type { StoreEnvironment } from "shared/storage/store_environment.ts";
import type { Log } from "shared/telemetry/log.ts";
import type { LocalProcess } from "./local_process.ts";

/** A place for the cache of views. */
interface ViewCache {
  /** Folder or URL. */
  readonly url: string;
  /** Removes a folder that nobody named. */
  release(): Promise<void>;
}

/**
 * The folder or URL that is named, or a folder of its own.
 *
 * @throws {ClearstackError} `unwritable` where there is no place for temporary folders
 */
export async function openViewCache(named: string | undefined): Promise<ViewCache> {
  if (named !== undefined) return { url: named, release: () => Promise.resolve() };
  const url = await Deno.makeTempDir({ prefix: "clearstack-views-" }).catch((cause: Error) => {
    throw new ClearstackError(
      "unwritable",
      `there is no place for the cache of views: a temporary folder cannot be made (${cause.message}); name another one ` +
        "with TMPDIR, or a folder or URL with CLEARSTACK_VIEW_CACHE",
      { cause },
    );
  });
  return { url, release: () => Deno.remove(url, { recursive: true }).catch(() => {}) };
}

interface LocalViewsOptions {
  readonly cache: string;
  readonly local: LocalProcess;
  readonly jobs: JobRunner;
  /** What stores that callers name see of the world; the cache is allowed to be written. */
  readonly environment: StoreEnvironment;
  readonly log: Log;
}

/** Views, and the requests of viewers. */
interface LocalViews {
  readonly views: Views;
  /** The answer to a viewer; undefined for any other request. */
  answer(request: Request): Response | Promise<Response> | undefined;
}

export async function openLocalViews(
  { cache, local: { deps }, jobs, environment, log }: LocalViewsOptions,
): Promise<LocalViews> {
  const settings = { ...readViewSettings(environment.env, cache), cache };
  const views = await Views.start({ ...deps, jobs, environment, settings, log, prepares: true });
  const app = createSignedApp({ views, log });
  return { views, answer: (request) => isSignedPath(request) ? app.fetch(request) : undefined };
}
