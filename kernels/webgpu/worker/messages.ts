/**
 * Messages between the calling thread and the GPU Worker.
 */
import type { ErrorRecord } from "shared/errors.ts";
import type { RunOptions, RunResult, VoxelData } from "kernels/deconvolver.ts";
import type { TurnState } from "./compute_turn.ts";
import type { BufferTrial } from "../device/try_buffer.ts";
import type { AdapterReport } from "../device/gpu_device.ts";
import type { Tuning } from "../program/rl_program.ts";
import type { RunnerOptions } from "../runner.ts";

/** Each call by its name: what is sent and what comes back. */
export interface WorkerCalls {
  /** Describes the adapter. */
  readonly probe: { readonly request: null; readonly response: AdapterReport };
  /** Tries a buffer of 512 MiB, or the largest that the device says it has. */
  readonly tryLargeBuffer: { readonly request: null; readonly response: BufferTrial };
  /** Makes a runner that later calls name by its key. */
  readonly open: {
    readonly request: {
      readonly key: number;
      readonly options: RunnerOptions;
      readonly turn: { readonly state: TurnState; readonly worker: number };
    };
    readonly response: {
      readonly adapter: string;
      readonly allocatedBytes: number;
      readonly tuning: Tuning | undefined;
    };
  };
  readonly run: {
    readonly request: RunRequest;
    readonly response: { readonly result: RunResult; readonly allocatedBytes: number };
  };
  readonly close: { readonly request: { readonly key: number }; readonly response: null };
}

/** One run of one runner. */
export interface RunRequest {
  readonly key: number;
  readonly values: VoxelData;
  readonly options: Omit<RunOptions, "signal" | "onIterations">;
}

/** Names of calls. */
export type CallName = keyof WorkerCalls;

/** A call; `id` comes back with the answer. Calls are answered one after the other. */
export type ToWorker =
  | { readonly id: number; readonly call: CallName; readonly request: unknown }
  /** Stops the call of this id at the next batch; not answered itself. */
  | { readonly cancel: number };

/** The answer to a call, and before it the iterations that its run has done. */
export type FromWorker =
  | { readonly id: number; readonly iterations: number }
  | { readonly id: number; readonly response: unknown }
  | { readonly id: number; readonly error: ErrorRecord };
