/** Messages between the threads of a process and whoever has work for them. */
import type { CodecWork } from "./codec_work.ts";
import type { PassRequest } from "./voxel_work.ts";

/** To a thread, which then owns the bytes. */
export interface ThreadRequest {
  readonly id: number;
  readonly asked: { readonly work: CodecWork; readonly bytes: Uint8Array } | PassRequest;
}

/** From a thread: what came of it, bytes that the caller then owns or plain data; or why nothing did. */
export type ThreadAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: string };
