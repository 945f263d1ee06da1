/** vizarr on the arrays of a view that are computed as it asks for them. */
import { browserTest } from "../browser.ts";
import { identityJobs } from "../functions/identity_jobs.ts";
import { identityKernels } from "../functions/identity_kernels.ts";
import { bodyOf, sampleView, startViews } from "../functions/view/view_service.ts";
import { waitUntilDrawn } from "./drawn_voxels.ts";
import { viewerFolder } from "./viewer_folder.ts";

/** The sample, and the plane that its metadata name. */
const SHAPE = { z: 20, y: 40, x: 36 };
const PLANE = SHAPE.z / 2;

const { folder, missing } = viewerFolder("vizarr.sh");

/** As Galaxy shows it: the page names a data set, and its server says where that lies. */
const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>vizarr</title>
<link rel="icon" href="data:,">
<style>html, body, #app { margin: 0; width: 100%; height: 100% }</style>
<div id="app" data-incoming='{"visualization_config":{"dataset_id":"1"},"root":"/"}'></div>
<script type="module" src="/index.js"></script>`;

function serveViewer(source: string) {
  const script = async (path: string) =>
    new Response(await Deno.readFile(`${folder}/${path}`), { headers: { "content-type": "text/javascript" } });
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/") return new Response(PAGE, { headers: { "content-type": "text/html" } });
    if (pathname === "/api/datasets/1") {
      return Response.json({ id: "1", name: "view", state: "deferred", sources: [{ source_uri: source }] });
    }
    if (pathname === "/index.js") return await script("index.js");
    // Names have a hash in the package, and none in numcodecs.
    const [, codec] = /^\/(blosc|chunk-[A-Z0-9]+)(?:-[\w-]+)?\.js$/.exec(pathname) ?? [];
    return codec === undefined ? new Response(null, { status: 404 }) : await script(`numcodecs/${codec}.js`);
  });
}

for (const version of ["0.5", "0.4"] as const) {
  browserTest(`vizarr shows a view as OME-Zarr ${version}, as its voxels and its metadata say`, async (page) => {
    const kernels = identityKernels();
    await using service = await startViews({ deps: identityJobs(kernels) });
    const { request, values } = await sampleView();
    const view = await service.views.create(request);
    const root = service.rootOf(view, version);
    const attributes = JSON.parse(
      new TextDecoder().decode(await bodyOf(await fetch(`${service.rootOf(view)}/zarr.json`))),
    );
    const [{ window: { start, end } }] = attributes.attributes.ome.omero.channels;
    const viewer = serveViewer(root);
    try {
      // A decoder of JPEG 2000 comes from a server elsewhere, whether it is needed or not.
      await page.route(
        /^https:/,
        (route) => route.fulfill({ contentType: "text/javascript", body: "export class JpxImage {}" }),
      );
      await page.goto(`http://127.0.0.1:${viewer.addr.port}/`);
      const expected = (y: number, x: number) => {
        const value = values[(PLANE * SHAPE.y + y) * SHAPE.x + x]!;
        return 255 * Math.min(1, Math.max(0, (value - start) / (end - start)));
      };
      // One pixel for each, around the middle of the page.
      await waitUntilDrawn(page, {
        shape: SHAPE,
        place: ({ width, height }) =>
          Promise.resolve((y, x) => [(width - SHAPE.x) / 2 + x, (height - SHAPE.y) / 2 + y]),
        expected,
      });
    } finally {
      await viewer.shutdown();
    }
  }, { missing, expected: /status of 404|instanced attributes|GPU stall/ });
}
