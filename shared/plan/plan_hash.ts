/** The name of a plan: the same for the same result; and why two plans have different names. */
import { createHash } from "node:crypto";
import type { ImageInfo } from "shared/contract/image_info.ts";
import type { JobRequest } from "shared/contract/job_request.ts";
import type { Level } from "shared/contract/level.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { PsfInfo } from "shared/contract/psf_info.ts";
import type { Vec3 } from "shared/volume/geometry.ts";
import { redactUrl } from "shared/storage/url.ts";
import { isCutAsTiles } from "./levels/tile_level.ts";

/** Inputs that decide the stored objects of an output. */
interface DecisiveParts {
  readonly image: ImageInfo;
  readonly psf: PsfInfo;
  readonly request: JobRequest;
  /** Of the full resolution. */
  readonly shape: Vec3;
  readonly tile: Vec3;
  readonly halo: Vec3;
  readonly objects: Pick<Plan, "chunk" | "shard">;
  readonly levels: readonly Level[];
}

/** SHA-256 over everything that decides the stored objects of the output, and nothing else. */
export function planHash({ image, psf, request, shape, tile, halo, objects, levels }: DecisiveParts): string {
  const { channels, times, box } = image.selection ?? {};
  const selected = image.selection === undefined ? [] : [[channels, times, ...(box === undefined ? [] : [box])]];
  const decisive = {
    // of how boxes are placed: other boxes, other voxels
    version: 2,
    // without the query: a signature that was renewed does not make another source
    source: [redactUrl(image.url), image.path, image.identity, image.axes.map((a) => a.name).join(""), ...selected],
    psf: psf.sha256,
    algorithm: Object.entries(request.algorithm).sort(([a], [b]) => a < b ? -1 : 1),
    tile,
    halo,
    omeVersion: request.output.version,
    ...(request.output.dtype === "float32" ? {} : { stored: [request.output.dtype, request.output.range ?? "auto"] }),
    ...objects,
    levels: levels.map(({ factors, chunk, shard }) => [factors, chunk, shard]),
    // Records count the tiles of a level, which were others before they could be made with those of the full resolution.
    ...(isCutAsTiles({ levels, shape, tile }) ? { levelTile: levels[0]!.tile } : {}),
  };
  return createHash("sha256").update(JSON.stringify(decisive)).digest("hex");
}

/** Parts of a plan that decide its name, beside image, PSF and algorithm. */
const OTHER_PARTS = ["tile", "halo", "omeVersion", "outputDtype", "outputRange", "chunk", "shard"] as const;

/**
 * What of an earlier plan is not as in this one, such as `algorithm.iterations was 20 and is 30`; empty where that cannot be told.
 *
 * @param earlier a plan as an output keeps it; an earlier version may have written it
 */
export function planDifferences(earlier: unknown, plan: Plan): string[] {
  const { source, psf, algorithm, ...parts } = membersOf(earlier);
  if (source === undefined || psf === undefined || algorithm === undefined) return [];
  const names = Object.keys({ ...membersOf(algorithm), ...plan.algorithm });
  const settings = names.flatMap((name) =>
    change(`algorithm.${name}`, membersOf(algorithm)[name], membersOf(plan.algorithm)[name])
  );
  return [
    ...membersOf(source).identity === plan.source.identity ? [] : ["the image is another one, or was changed"],
    ...membersOf(psf).sha256 === plan.psf.sha256 ? [] : ["the PSF is another one"],
    // Halo and tile may follow from the algorithm.
    ...settings.length > 0 ? settings : OTHER_PARTS.flatMap((name) => change(name, parts[name], plan[name])),
  ];
}

function change(name: string, was: unknown, is: unknown): string[] {
  const [before, now] = [was, is].map((value) => value === undefined ? "not set" : JSON.stringify(value));
  return before === now ? [] : [`${name} was ${before} and is ${now}`];
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}
