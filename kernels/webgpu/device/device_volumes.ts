/**
 * Fills, copies and reads volumes on the device, wherever their parts lie.
 */
import { voxelCount } from "shared/volume/geometry.ts";
import { type DeviceBuffers } from "./buffers.ts";
import type { RowFiller } from "./input.ts";
import type { BoxLayout } from "../program/layout.ts";
import { partBuffer } from "../program/pass_maker.ts";
import { download, stagingRequests, upload, UPLOAD_BYTES } from "./transfer.ts";

/** The volumes of one program. */
export class DeviceVolumes {
  readonly #device: GPUDevice;
  readonly #layout: BoxLayout;
  readonly #buffers: DeviceBuffers;

  constructor(device: GPUDevice, layout: BoxLayout, buffers: DeviceBuffers) {
    this.#device = device;
    this.#layout = layout;
    this.#buffers = buffers;
  }

  /** Fills a volume of float32 or uint16 values row by row, a few rows at a time. */
  send(volume: string, fill: RowFiller, dataType: "float32" | "uint16" = "float32"): void {
    const { box: [, ny, nx], planesPerPart } = this.#layout;
    const rowsPerPart = planesPerPart * ny;
    const rowsPerPiece = Math.min(rowsPerPart, Math.floor(UPLOAD_BYTES / (4 * nx)));
    const piece = new (dataType === "uint16" ? Uint16Array : Float32Array)(rowsPerPiece * nx);
    this.#partsOf(volume).forEach((buffer, part) => {
      for (let first = 0; first < rowsPerPart; first += rowsPerPiece) {
        const rows = Math.min(rowsPerPiece, rowsPerPart - first);
        for (let row = 0; row < rows; row++) {
          fill(part * rowsPerPart + first + row, piece.subarray(row * nx, (row + 1) * nx));
        }
        upload(this.#device, buffer, first * nx * piece.BYTES_PER_ELEMENT, piece.subarray(0, rows * nx));
      }
    });
  }

  /** Sets a volume to 0. */
  clear(volume: string): void {
    const encoder = this.#device.createCommandEncoder();
    for (const buffer of this.#partsOf(volume)) encoder.clearBuffer(buffer);
    this.#device.queue.submit([encoder.finish()]);
  }

  /**
   * Reads a whole volume into `target`.
   *
   * @param lengths numbers to read from the beginning of each of its parts. @default {all of them}
   */
  async read(volume: string, target: Float32Array, lengths?: readonly number[]): Promise<void> {
    const staging = stagingRequests(4 * voxelCount(this.#layout.box)).map(({ name }) => this.#buffers.get(name));
    let at = 0;
    for (const [part, buffer] of this.#partsOf(volume).entries()) {
      const length = lengths?.[part] ?? this.#layout.partBytes / 4;
      await download(this.#device, buffer, staging, target.subarray(at, at + length));
      at += length;
    }
  }

  #partsOf(volume: string): GPUBuffer[] {
    return Array.from({ length: this.#layout.parts }, (_, part) => this.#buffers.get(partBuffer(volume, part)));
  }
}
