/** `clearstack view`: looks at one image while it is deconvolved, on this machine, until it is interrupted. */
import type { ImageServer } from "functions/library/show_images.ts";
import type { Location } from "shared/contract/location.ts";
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { textLog } from "shared/telemetry/log.ts";
import { wholeNumber } from "../flags/argument_values.ts";
import { jobRequest } from "../flags/job_arguments.ts";
import { JOB_FLAGS } from "../flags/job_flags.ts";
import { parseArguments } from "../flags/parse_arguments.ts";
import type { Io } from "../io.ts";
import { shellQuote } from "./shell_quote.ts";
import { PORT_FORM, untilInterrupted } from "./until_interrupted.ts";

/** Flags of a job that say something of its output, or of its checks. */
const OF_OUTPUTS = /^output\.|^seamCheck$/;

/** Flags of a view. */
export const VIEW_FLAGS = Object.fromEntries(Object.entries(JOB_FLAGS).filter(([, { at }]) => !OF_OUTPUTS.test(at)));

const FORM = {
  usage: "view IMAGE --psf PSF",
  positionals: ["IMAGE"],
  flags: {
    ...VIEW_FLAGS,
    "port": { form: PORT_FORM },
    "cache": { form: "a folder or URL to keep what was computed in" },
    "json": {},
    "quiet": {},
  },
};

/** Runs the command until it is interrupted. */
export async function viewCommand(args: readonly string[], io: Io): Promise<number> {
  const parsed = parseArguments(args, FORM);
  const [image] = parsed.positionals as [string];
  const { output: _, seamCheck: __, priority: ___, webhook: ____, ...request } = await jobRequest(
    parsed,
    [image, "memory:view"],
    io,
  );
  if (request.source.series !== undefined) {
    throw new ClearstackError("invalid-request", "--series: a view is of one image: choose it with --path");
  }
  const { startService } = await import("functions/library/start_service.ts");
  const cache = parsed.value("cache");
  const config = io.config();
  await using open = new AsyncDisposableStack();
  const service = await startService({
    config: { ...config, hostBytes: request.memoryBytes ?? config.hostBytes },
    environment: io.environment,
    port: wholeNumber("port", parsed.value("port") ?? "0", PORT_FORM, [0, 65535]),
    allowedUrls: "any",
    log: parsed.has("quiet") ? undefined : textLog((line) => io.err(`${line}\n`)),
    ...(cache === undefined ? {} : { viewCache: cache }),
  });
  open.defer(() => service.close());
  const source = await serveSource(request.source, io);
  if (source !== undefined) open.defer(() => source.close());
  const view = await service.views.create(request);
  const urls = Object.fromEntries(Object.entries(view.urls).map(([name, url]) => [name, service.url + url]));
  io.out(parsed.has("json") ? `${JSON.stringify({ ...view, urls })}\n` : `${urls["0.5"]}\n${urls["0.4"]}\n`);
  if (!parsed.has("quiet")) {
    io.err(
      "OME-Zarr 0.5, and the same as 0.4: tiles are computed as they are looked at\n" +
        `open it in a browser: ${pageUrl(service.url, source, urls)}\n` +
        `open it with ${shellQuote(["napari", "--plugin", "napari-ome-zarr", urls["0.4"]!])}\nend it with Ctrl+C\n`,
    );
  }
  return await untilInterrupted(io, { close: () => open.disposeAsync() });
}

/** Serves the source beside the view, so that the page shows both; undefined for what is no OME-Zarr, which it does not read. */
async function serveSource({ url, path }: Location, { environment }: Io): Promise<ImageServer | undefined> {
  const { showImages } = await import("functions/library/show_images.ts");
  try {
    return path === undefined ? await showImages({ image: url, environment }) : undefined;
  } catch (error) {
    if (isClearstackError(error, "not-found")) return undefined;
    throw error;
  }
}

/** Address of the web page with a view, and with its source. */
function pageUrl(service: string, source: ImageServer | undefined, urls: Readonly<Record<string, string>>): string {
  const image = source && new URL(source.url).searchParams.get("image");
  return `${service}/?${new URLSearchParams({
    ...(image ? { image } : {}),
    result: urls["0.5"]!,
    events: urls.events!,
  })}`;
}
