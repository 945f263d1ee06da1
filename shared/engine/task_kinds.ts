/**
 * The kinds of tasks that are fanned out, with their messages. A function that takes a kind answers `POST /v1/<kind>`.
 */
import type { z } from "zod";
import { type LevelReport, LevelReportSchema, type LevelTask, LevelTaskSchema } from "shared/contract/level.ts";
import { type PilotReport, PilotReportSchema, type PilotTask, PilotTaskSchema } from "shared/contract/pilot.ts";
import { type SeamReport, SeamReportSchema, type SeamTask, SeamTaskSchema } from "shared/contract/seam.ts";
import { type TileReport, TileReportSchema, type TileTask, TileTaskSchema } from "shared/contract/tile.ts";

/** Message and answer of each kind. */
interface Messages {
  /** Compute a tile and write it. */
  readonly tiles: { readonly task: TileTask; readonly report: TileReport };
  /** Compute a box around a place where tiles meet and compare it with the output. */
  readonly seams: { readonly task: SeamTask; readonly report: SeamReport };
  /** Run a tile to measure it; nothing is written. */
  readonly pilots: { readonly task: PilotTask; readonly report: PilotReport };
  /** Write a tile of a coarser level from the level before it. */
  readonly levels: { readonly task: LevelTask; readonly report: LevelReport };
}

export type TaskKind = keyof Messages;
/** Task of the `deconvolve` function. */
export type DeconvolveKind = "tiles" | "seams" | "pilots";
/** Task of the `pyramid` function. */
export type PyramidKind = "levels";
export type TaskOf<K extends TaskKind> = Messages[K]["task"];
export type ReportOf<K extends TaskKind> = Messages[K]["report"];

type Schemas = {
  readonly [K in TaskKind]: { readonly task: z.ZodType<TaskOf<K>>; readonly report: z.ZodType<ReportOf<K>> };
};

/** Schemas of the messages of each kind. */
export const TASK_SCHEMAS: Schemas = {
  tiles: { task: TileTaskSchema, report: TileReportSchema },
  seams: { task: SeamTaskSchema, report: SeamReportSchema },
  pilots: { task: PilotTaskSchema, report: PilotReportSchema },
  levels: { task: LevelTaskSchema, report: LevelReportSchema },
};

/**
 * Does one task of a kind somewhere: in this process, or behind a URL. Rejects with a ClearstackError.
 *
 * @param onIterations where it is near enough, told now and then of the iterations of the task that are done
 */
export type Invoke<K extends TaskKind> = (
  task: TaskOf<K>,
  signal: AbortSignal,
  onIterations?: (done: number) => void,
) => Promise<ReportOf<K>>;

/** Does tasks of these kinds. */
export type TaskFunctions<Kinds extends TaskKind = TaskKind> = { readonly [K in Kinds]: Invoke<K> };
