/** Sums of the reports of one run. */
import type { JobResult } from "shared/contract/job_status.ts";
import type { LevelReport } from "shared/contract/level.ts";
import type { Plan } from "shared/contract/plan.ts";
import type { TileReport } from "shared/contract/tile.ts";
import type { Device } from "shared/contract/device.ts";
import type { PilotOutcome } from "../plan/pilot.ts";
import type { PreparedJob } from "../plan/prepare_job.ts";

/** Adds up the reports of one run. */
export class Totals {
  #backend: Device["backend"];
  #adapter: string;
  #tilesComputed = 0;
  #kernelSeconds = 0;
  #bytesRead = 0;
  #bytesWritten = 0;

  constructor({ device }: Pick<PreparedJob, "device">) {
    this.#backend = device.backend;
    this.#adapter = device.adapter;
  }

  addTile(report: TileReport): void {
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

  result({ decisions, warnings, ...plan }: Plan, output: string, seconds: number): JobResult {
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
      ...(warnings.length === 0 ? {} : { warnings }),
    };
  }
}
