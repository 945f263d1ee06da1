/** The endpoints of views, described. What they do is in view_endpoints.ts. */
import { createRoute, z } from "@hono/zod-openapi";
import { anyProblem, bodyProblems, json, problem } from "./routes.ts";
import { LocationDoc, ShownImageDoc, ViewDoc, ViewListDoc, ViewRequestDoc } from "./schemas.ts";

const noSuchView = { 400: problem("The id is malformed"), 404: problem("There is no such view, or its time is over") };

const viewId = z.object({
  id: z.string().regex(/^[\w-]{1,64}$/, "this is no id of a view").meta({
    description: "id of the view",
    examples: ["6f1c2a4e-9d53-4c0e-8f6e-2b7a1f0c9d11"],
  }),
});

export const createView = createRoute({
  method: "post",
  path: "/v1/views",
  operationId: "createView",
  summary: "Make a view",
  description:
    "A view is an OME-Zarr whose chunks are computed when they are asked for. The body is that of a job without its output, or " +
    "names a job whose finished tiles are shown. No tile is computed before somebody looks. The URLs are signed: whoever has " +
    "one may read the view until it expires.",
  request: { body: { required: true, content: { "application/json": { schema: ViewRequestDoc } } } },
  responses: {
    201: {
      ...json(ViewDoc, "The view was made"),
      headers: z.object({ location: z.string().meta({ description: "where the view can be asked for" }) }),
    },
    ...bodyProblems,
    ...anyProblem,
  },
});

export const showImage = createRoute({
  method: "post",
  path: "/v1/images",
  operationId: "showImage",
  summary: "Describe an image, and look at it",
  description:
    "Reads the metadata of an image. Its voxels are at a signed URL: whoever has it may read them until it expires.",
  request: { body: { required: true, content: { "application/json": { schema: LocationDoc } } } },
  responses: { 200: json(ShownImageDoc, "The image"), ...bodyProblems, ...anyProblem },
});

export const listViews = createRoute({
  method: "get",
  path: "/v1/views",
  operationId: "listViews",
  summary: "Views, newest first",
  description: "Callers see their own views, administrators everybody's.",
  responses: { 200: json(ViewListDoc, "The views"), ...anyProblem },
});

export const getView = createRoute({
  method: "get",
  path: "/v1/views/{id}",
  operationId: "getView",
  summary: "A view and its URLs",
  request: { params: viewId },
  responses: { 200: json(ViewDoc, "The view"), ...noSuchView, ...anyProblem },
});

export const deleteView = createRoute({
  method: "delete",
  path: "/v1/views/{id}",
  operationId: "deleteView",
  summary: "End a view",
  description:
    "What is computed for it is stopped, and what was computed is removed. Jobs and their outputs stay as they are.",
  request: { params: viewId },
  responses: { 204: { description: "It is gone" }, ...noSuchView, ...anyProblem },
});

export const viewEvents = createRoute({
  method: "get",
  path: "/v1/views/{id}/events",
  operationId: "viewEvents",
  summary: "Follow the tiles of a view",
  description:
    "Server-sent events `tile`, one for each tile of full resolution that is there, then one for each that is finished: its " +
    "index, the index of its volume along t and c, its first voxel and its shape along z, y, x. Events `under-way` list the " +
    "tiles that are asked for and not there yet. The signed `urls.events` of a view answers the same to callers that send no " +
    "headers.",
  request: {
    params: viewId,
    headers: z.object({ "last-event-id": z.string().optional().meta({ description: "id of the last event seen" }) }),
  },
  responses: {
    200: {
      description: "The events",
      content: {
        "text/event-stream": {
          schema: z.string(),
          example: 'id: 3\nevent: tile\ndata: {"sequence":3,"type":"tile","index":7,"outer":[],"origin":[0,256,0],' +
            '"shape":[64,256,256],"tilesDone":3}\n\n',
        },
      },
    },
    ...noSuchView,
    ...anyProblem,
  },
});
