/** The page, built and served beside images, and what is on its canvas. */
import { decode } from "fast-png";
import type { Page } from "playwright-core";
import { createPageApp, isPagePath } from "functions/view/page_app.ts";
import { fitCamera, type PlaneRect, toScreen } from "functions/view/page/state/camera.ts";
import { serveFiles } from "shared/http/serve_files.ts";
import { buildPage } from "../../../../infra/page/build_page.ts";
import { openStore } from "../../../stores.ts";

/** A page that is served. */
export interface ServedPage {
  /** Origin of the page, and of the images below `/data/`. */
  readonly origin: string;
  /** Origin of a server that has the same images and lets no page of others read them. */
  readonly closedOrigin: string;
  /** Sends an event to those who follow `/events`. */
  send(event: string, data: unknown): void;
}

const NOTHING = () => new Response(null, { status: 404 });

/**
 * Builds the page and serves it with the images of a folder, until the process ends.
 *
 * @param others answers what is neither
 */
export async function servePage(
  folder: string,
  others: (request: Request) => Response | Promise<Response> = NOTHING,
): Promise<ServedPage> {
  await buildPage(`${folder}/site`);
  const page = createPageApp(() => Promise.resolve(new URL(`file://${folder}/site/`)));
  const files = serveFiles(openStore(`${folder}/data`));
  const followers = new Set<ReadableStreamDefaultController<Uint8Array>>();
  const answer = (request: Request) => {
    const url = new URL(request.url);
    if (url.pathname === "/events") return eventResponse(followers);
    if (!url.pathname.startsWith("/data/")) {
      return isPagePath(request) ? page.fetch(request) : others(request);
    }
    url.pathname = url.pathname.slice("/data".length);
    return files(new Request(url, request));
  };
  const serve = () => Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer).addr.port;
  return {
    origin: `http://127.0.0.1:${serve()}`,
    closedOrigin: `http://127.0.0.1:${serve()}`,
    send(event, data) {
      const bytes = new TextEncoder().encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      for (const follower of followers) follower.enqueue(bytes);
    },
  };
}

function eventResponse(followers: Set<ReadableStreamDefaultController<Uint8Array>>): Response {
  let own: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => void followers.add(own = controller),
    cancel: () => void followers.delete(own),
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

/** Waits until nothing is being loaded and what there is has been drawn. */
export async function drawn(page: Page): Promise<void> {
  // Programs for the page are text here, since their types are those of browsers.
  await page.locator(".loading").and(page.locator(":empty")).waitFor({ state: "attached" });
  await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
}

/** Width of what shows the focus around a control, CSS pixels. */
const OUTLINE = 6;

/** What is on the canvas at the middles of voxels. */
export interface CanvasPixels {
  readonly width: number;
  /** Red, green and blue where a point of the plane is seen; undefined where something lies over the canvas. */
  at(u: number, v: number): readonly [number, number, number] | undefined;
  /** Place of a point on the canvas, CSS pixels from its left. */
  left(u: number): number;
}

/** Takes a picture of the canvas, on which an image is fitted. */
export async function canvasPixels(page: Page, rect: PlaneRect): Promise<CanvasPixels> {
  await drawn(page);
  const canvas = page.locator("canvas");
  const box = (await canvas.boundingBox())!;
  const { data, width, channels } = decode(new Uint8Array(await canvas.screenshot()));
  const camera = fitCamera(rect, box);
  const over = await Promise.all(
    (await page.locator(".viewport > :not(canvas):not(.profile-line)").all()).map((one) => one.boundingBox()),
  );
  const place = (u: number, v: number) => toScreen(camera, box, { u, v });
  return {
    width: box.width,
    left: (u) => place(u, 0).x,
    at(u, v) {
      const { x, y } = place(u, v);
      const isHidden = over.some((one) =>
        one && x >= one.x - box.x - OUTLINE && x <= one.x - box.x + one.width + OUTLINE &&
        y >= one.y - box.y - OUTLINE && y <= one.y - box.y + one.height + OUTLINE
      );
      if (isHidden) return undefined;
      const from = (pixelOf(y, box.y, box.height) * width + pixelOf(x, box.x, box.width)) * channels;
      return [data[from]!, data[from + 1]!, data[from + 2]!];
    },
  };
}

/**
 * Pixel of a picture of the canvas, along one axis. The canvas is drawn on whole pixels, from the one nearest to where it begins; the
 * picture begins with the pixel that this lies in.
 *
 * @param at CSS pixels from the beginning of the canvas
 */
function pixelOf(at: number, begin: number, length: number): number {
  return Math.floor(at * Math.round(length) / length) + Math.round(begin) - Math.floor(begin);
}
