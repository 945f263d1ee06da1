/** Sums of the reports of one run. */
import type { Clipping } from "shared/contract/stored_array.ts";
import type { JobResult } from "shared/contract/job_status.ts";
import type { LevelReport } from "shared/contract/level.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { Warning } from "shared/contract/problem.ts";
import type { TileReport, ValueCounts } from "shared/contract/tile.ts";
import { joinCounts, valueWarnings } from "shared/decide/value_counts.ts";
import { saturationLevel } from "shared/plan/algorithm_rules.ts";
import { outputIntensity } from "shared/plan/output_intensity.ts";
import { voxelOffset } from "shared/plan/tile_algorithm.ts";
import { channelCount, channelLabel } from "shared/volume/channels.ts";
import type { Device } from "shared/contract/device.ts";
import { EmptyTiles } from "./empty_tiles.ts";
import type { PilotOutcome } from "shared/decide/pilot.ts";
import type { PreparedJob } from "../plan/prepare_job.ts";
import { saidOnce } from "../plan/say_once.ts";

/** Adds up the reports of one run. */
export class Totals {
  /** Of all tiles, those of earlier runs included, where integers are stored. */
  clipping: Clipping | undefined;
  /** Tiles that were not computed. */
  readonly empty = new EmptyTiles();
  #backend: Device["backend"];
  #adapter: string;
  #tilesComputed = 0;
  #kernelSeconds = 0;
  #bytesRead = 0;
  #bytesWritten = 0;
  /** By channel. */
  readonly #values = new Map<number, ValueCounts>();

  constructor({ device }: Pick<PreparedJob, "device">) {
    this.#backend = device.backend;
    this.#adapter = device.adapter;
  }

  /** @param channel of the tile */
  addTile(report: TileReport, channel: number): void {
    const before = this.#values.get(channel);
    if (report.values) this.#values.set(channel, before ? joinCounts(before, report.values) : report.values);
    this.#backend = report.backend;
    this.#adapter = report.adapter;
    this.#tilesComputed++;
    this.#kernelSeconds += report.kernelSeconds;
    this.#bytesRead += report.bytesRead;
    this.#bytesWritten += report.bytesWritten;
  }

  addPilot({ kernelSeconds, bytesRead }: PilotOutcome): void {
    this.#kernelSeconds += kernelSeconds;
    this.#bytesRead += bytesRead;
  }

  addLevelTile({ bytesRead, bytesWritten }: LevelReport): void {
    this.#bytesRead += bytesRead;
    this.#bytesWritten += bytesWritten;
  }

  /** What the values of the tiles tell of the image. */
  imageWarnings(plan: Plan): Warning[] {
    const { source, algorithm, decisions } = plan;
    const several = channelCount(source) > 1;
    const ofChannels = [...this.#values].sort(([one], [other]) => one - other).map(([channel, counts]) => {
      const background = (decisions?.channels?.[channel] ?? decisions)?.background ?? algorithm.background;
      const label = channelLabel(source, channel);
      const warnings = valueWarnings(counts, {
        dtype: source.dtype,
        which: several ? ` of channel ${label}` : "",
        saturation: saturationLevel(algorithm, source.dtype),
        hasOffset: voxelOffset(background) > 0,
      });
      return { labels: [label], warnings };
    });
    return saidOnce(ofChannels);
  }

  result(plan: Plan, output: string, seconds: number): JobResult {
    const { decisions, warnings } = plan;
    const intensity = outputIntensity(plan);
    return {
      backend: this.#backend,
      adapter: this.#adapter,
      voxels: plan.voxels,
      tiles: plan.tiles,
      tilesComputed: this.#tilesComputed,
      iterations: decisions?.iterations ?? plan.algorithm.iterations,
      ...(decisions ? { decisions } : {}),
      seconds,
      kernelSeconds: this.#kernelSeconds,
      bytesRead: this.#bytesRead,
      bytesWritten: this.#bytesWritten,
      output,
      ...(intensity ? { intensity } : {}),
      ...(this.clipping ? { clipping: this.clipping } : {}),
      ...(warnings.length === 0 ? {} : { warnings }),
    };
  }
}
