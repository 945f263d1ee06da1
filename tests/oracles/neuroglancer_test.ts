/** neuroglancer, out of its npm package, on the arrays of a view that are computed as it asks for them. */
import { assert, assertEquals } from "@std/assert";
import { browserTest } from "../browser.ts";
import { identityJobs } from "../functions/identity_jobs.ts";
import { identityKernels } from "../functions/identity_kernels.ts";
import { sampleView, startViews } from "../functions/view/view_service.ts";
import { waitUntilDrawn } from "./drawn_voxels.ts";
import { viewerFolder } from "./viewer_folder.ts";

const SHAPE = { z: 20, y: 40, x: 36 };

/** Of each axis, in neuroglancer's terms: the sample states no unit. */
const SCALE = [1, ""] as const;

/** The middle of the plane: as in OME-Zarr, the middle of voxel 0 lies at 0. */
const CENTRE = { y: (SHAPE.y - 1) / 2, x: (SHAPE.x - 1) / 2 };

/** Pixels of a voxel, and the plane that is looked at. */
const ZOOM = 8;
const PLANE = 5;

/** The value that is white. */
const WHITE = 4000;

const { folder, missing } = viewerFolder("neuroglancer.sh");
const TYPES: Readonly<Record<string, string>> = { html: "text/html", css: "text/css", js: "text/javascript" };

function serveViewer() {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const type = TYPES[pathname.split(".").at(-1)!];
    if (type === undefined || pathname.includes("..")) return new Response(null, { status: 404 });
    return new Response(await Deno.readFile(folder + pathname), { headers: { "content-type": type } });
  });
}

for (const [version, kind] of [["0.5", "zarr3"], ["0.4", "zarr2"]] as const) {
  browserTest(
    `neuroglancer renders a view as OME-Zarr ${version}, voxel by voxel, and each tile is computed once at most`,
    async (page) => {
      const kernels = identityKernels();
      await using service = await startViews({ deps: identityJobs(kernels) });
      const { request, values } = await sampleView();
      const view = await service.views.create(request);
      const root = service.rootOf(view, version);
      const viewer = serveViewer();
      try {
        const state = {
          layers: [{
            type: "image",
            name: "view",
            source: `${root}|${kind}:`,
            shaderControls: { normalized: { range: [0, WHITE] } },
          }],
          // The first two lie along the screen.
          dimensions: Object.fromEntries((["x", "y", "z"] as const).map((axis) => [axis, SCALE])),
          position: [CENTRE.x, CENTRE.y, PLANE],
          crossSectionScale: 1 / ZOOM,
          layout: "xy",
          ...{ showAxisLines: false, showScaleBar: false, showDefaultAnnotations: false },
        };
        const answers: string[] = [];
        page.on("response", (response) => answers.push(`${response.status()} ${response.url()}`));
        await page.goto(
          `http://127.0.0.1:${viewer.addr.port}/x/index.html#!${encodeURIComponent(JSON.stringify(state))}`,
        );
        const expected = (y: number, x: number) =>
          255 * Math.min(1, values[(PLANE * SHAPE.y + y) * SHAPE.x + x]! / WHITE);
        await waitUntilDrawn(page, {
          shape: SHAPE,
          place: async () => {
            const panel = (await page.locator(".neuroglancer-rendered-data-panel").boundingBox())!;
            return (y, x) => [
              Math.floor(panel.x + panel.width / 2 + (x - CENTRE.x) * ZOOM),
              Math.floor(panel.y + panel.height / 2 + (y - CENTRE.y) * ZOOM),
            ];
          },
          expected,
          besides: () => `\n${answers.join("\n")}`,
        });
        assertEquals(answers.filter((answer) => answer.startsWith("5")), []);
        assert(kernels.runs.length <= view.plan.tiles, `${kernels.runs.length} tiles`);
      } finally {
        await viewer.shutdown();
      }
    },
    { missing, expected: /GPU stall|status of 404/ },
  );
}
