/** Messages between the page and the Worker that deconvolves in the browser; functions/library/preview answers them. */
import type { JobRequestInput } from "shared/contract/job_request.ts";
import type { Warning } from "shared/contract/problem.ts";
import type { ErrorRecord } from "shared/errors.ts";
import type { Chunk } from "shared/image/image.ts";
import type { Box, Vec3 } from "shared/volume/geometry.ts";
import type { Picture, PictureLevel } from "../data/picture.ts";

/** A file of the visitor's machine, of which the Worker reads what it needs. */
export interface DroppedFile {
  /** Path below the place that it was given. */
  readonly key: string;
  readonly file: Blob;
}

/** A picture whose chunks the Worker reads. */
export interface OpenedPicture extends Omit<Picture, "levels"> {
  readonly levels: readonly Omit<PictureLevel, "image">[];
  /** What its file states that could not be used, and what was taken for what. */
  readonly warnings: readonly string[];
}

/** What an image states that a PSF can be computed from; what it leaves out, somebody has to tell. */
export interface StatedOptics {
  readonly na?: number | undefined;
  readonly immersionIndex?: number | undefined;
  /** Of each channel. */
  readonly emissionNanometres: readonly (number | undefined)[];
  /** z, y, x. */
  readonly voxelMicrometre?: Vec3 | undefined;
  readonly depth: number;
}

/** What is to be deconvolved, and how. */
export interface PreviewRequest {
  readonly url: string;
  readonly psf: JobRequestInput["psf"];
  /** Voxel size, z, y, x, in place of what the image states. */
  readonly voxelMicrometre?: Vec3 | undefined;
  readonly channels: readonly number[];
  readonly time: number;
  readonly wanted: WantedRegion;
  readonly algorithm: JobRequestInput["algorithm"];
  readonly backend: JobRequestInput["backend"];
}

/** A region of the image, and what of it stays where it has to be smaller. */
export interface WantedRegion extends Box {
  /** Voxel that stays. */
  readonly middle: Vec3;
  /** Axis that is cut first: the one into the screen. */
  readonly depthAxis: 0 | 1 | 2;
}

/** What came of it. */
export interface PreviewResult {
  /** Voxels that were deconvolved, of full resolution. */
  readonly region: Box;
  /** Box that was computed on, with the halo around the region. */
  readonly box: Vec3;
  /** Voxels that such a box has at most. */
  readonly maxBoxVoxels: number;
  /** One volume for each channel, of the shape of the region, x contiguous. */
  readonly volumes: readonly Float32Array<ArrayBuffer>[];
  readonly backend: "webgpu" | "cpu";
  readonly adapter: string;
  /** Why it was computed there. */
  readonly reason: string;
  readonly seconds: number;
  readonly kernelSeconds: number;
  readonly warnings: readonly Warning[];
  /** Facts as an output records them. */
  readonly record: Readonly<Record<string, unknown>>;
}

/** A result that becomes a file. */
export interface SavedPreview extends Pick<PreviewResult, "region" | "volumes" | "record"> {
  readonly url: string;
  /** Of the file. */
  readonly name: string;
  readonly voxelMicrometre?: Vec3 | undefined;
  readonly channels: readonly number[];
  readonly time: number;
}

/** What a run is doing. */
export interface PreviewProgress {
  readonly step: "psf" | "read" | "iterate";
  /** Iterations of all channels; 0 of 0 in other steps. */
  readonly done: number;
  readonly total: number;
}

/** Each call by its name: what is sent and what comes back. */
export interface PreviewCalls {
  /** Gives files a place, such as `memory:files/1`, from which they are read as any other. */
  readonly place: {
    readonly request: { readonly place: string; readonly files: readonly DroppedFile[] };
    readonly response: null;
  };
  /** Opens an image, whatever it is stored as. */
  readonly open: { readonly request: { readonly url: string }; readonly response: OpenedPicture };
  /** Reads a chunk of an image that was opened. */
  readonly chunk: {
    readonly request: { readonly url: string; readonly level: number; readonly coords: readonly number[] };
    readonly response: Chunk;
  };
  readonly optics: { readonly request: { readonly url: string }; readonly response: StatedOptics };
  readonly run: { readonly request: PreviewRequest; readonly response: PreviewResult };
  /** Makes an OME-TIFF. */
  readonly save: { readonly request: SavedPreview; readonly response: Blob };
}

/** Names of calls. */
export type CallName = keyof PreviewCalls;

/** A call, or the end of one. */
export type ToPreview =
  | { readonly id: number; readonly call: CallName; readonly request: unknown }
  /** Stops the call of this id, which then fails with kind `cancelled`. */
  | { readonly cancel: number };

/** The answer to a call, and before it how far it is. */
export type FromPreview =
  | { readonly id: number; readonly progress: PreviewProgress }
  | { readonly id: number; readonly response: unknown }
  | { readonly id: number; readonly error: ErrorRecord };
