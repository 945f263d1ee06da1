/** Views over HTTP on a socket, with kernels that change nothing, so that what is served can be told from the source. */
import { LocalJobRunner } from "functions/orchestrate/drive/local_job_runner.ts";
import { createViewApp } from "functions/view/app.ts";
import type { ViewSettings } from "functions/view/view_settings.ts";
import { Views } from "functions/view/views.ts";
import type { View, ViewRequest } from "shared/contract/views/view.ts";
import { type IdentityJobs, identityJobs, sampleRequest } from "../identity_jobs.ts";
import { openStore } from "../../stores.ts";

/** A running service. */
export interface ViewService extends AsyncDisposable {
  readonly url: string;
  readonly views: Views;
  readonly jobs: LocalJobRunner;
  /** Root of a version of a view. */
  rootOf(view: View, version?: "0.5" | "0.4"): string;
}

const QUIET = () => {};

interface ViewServiceOptions {
  readonly deps?: IdentityJobs;
  readonly settings?: Partial<ViewSettings>;
  /** Makes the kernels ready for new views, as `clearstack view` does. @default {false} */
  readonly prepares?: boolean;
  readonly now?: () => number;
}

export async function startViews(
  { deps = identityJobs(), settings, now, prepares = false }: ViewServiceOptions = {},
): Promise<ViewService> {
  const jobs = await LocalJobRunner.start({ deps, store: openStore(`memory:jobs-${crypto.randomUUID()}`), log: QUIET });
  const views = await Views.start({
    ...deps,
    jobs,
    prepares,
    settings: {
      cache: `memory:views-${crypto.randomUUID()}`,
      cacheBytes: 2 ** 30,
      expiresMs: 3_600_000,
      mostPerOwner: 8,
      ...settings,
    },
    log: QUIET,
    ...(now === undefined ? {} : { now }),
  });
  const app = createViewApp({ views, log: QUIET });
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => app.fetch(request));
  const url = `http://127.0.0.1:${server.addr.port}`;
  return {
    url,
    views,
    jobs,
    rootOf: (view, version = "0.5") => `${url}${view.urls[version]}`,
    async [Symbol.asyncDispose]() {
      await views.close();
      await jobs.close();
      await server.shutdown();
    },
  };
}

/** A request that names no job. */
type OwnRequest = Exclude<ViewRequest, { readonly job: string }>;

/** A request over a fresh image of 20 x 40 x 36 voxels in memory, cut into 2 x 3 x 3 tiles, and the voxels of the image. */
export async function sampleView(): Promise<{ readonly request: OwnRequest; readonly values: Float32Array }> {
  const { request: { output: _, seamCheck: __, priority: ___, ...request }, values } = await sampleRequest();
  return { request, values };
}

/** The body of an answer; what it is of the wrong status is told in full. */
export async function bodyOf(response: Response, status = 200): Promise<Uint8Array> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (response.status !== status) {
    throw new Error(`${response.url} answered ${response.status}: ${new TextDecoder().decode(bytes)}`);
  }
  return bytes;
}
