/**
 * Moves volumes between host and device in the pieces that proved fastest: 8 MiB per write with a submission after each, and
 * four staging buffers of 16 MiB mapped together for reading.
 */
import type { BufferRequest, DeviceBuffers } from "./buffers.ts";

/** Bytes of one upload. */
export const UPLOAD_BYTES = 8 * 2 ** 20;

const STAGING_BUFFERS = 4;
const STAGING_BUFFER_BYTES = 16 * 2 ** 20;

/** Most bytes of all staging buffers together. */
export const STAGING_BYTES = STAGING_BUFFERS * STAGING_BUFFER_BYTES;

/** Sends values into a buffer from byte `offset` on. */
export function upload(
  device: GPUDevice,
  buffer: GPUBuffer,
  offset: number,
  values: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>,
): void {
  device.queue.writeBuffer(buffer, offset, values);
  // Without a submission, writes pile up in staging memory.
  device.queue.submit([]);
}

/** The staging buffers for reading back volumes of `volumeBytes`. */
export function stagingRequests(volumeBytes: number): BufferRequest[] {
  const bytes = Math.min(STAGING_BYTES, volumeBytes);
  const count = Math.ceil(bytes / STAGING_BUFFER_BYTES);
  return Array.from({ length: count }, (_, i) => ({
    name: `staging[${i}]`,
    // Copies go in multiples of eight bytes here, a complex number.
    bytes: Math.ceil(bytes / count / 8) * 8,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  }));
}

/** Reads a buffer into `target`, as much as fits there, through staging buffers of equal size. */
export async function download(
  device: GPUDevice,
  source: GPUBuffer,
  staging: readonly GPUBuffer[],
  target: Float32Array,
): Promise<void> {
  const pieceBytes = staging[0].size;
  for (let start = 0; start < target.byteLength; start += pieceBytes * staging.length) {
    const pieces = staging.map((buffer, i) => {
      const offset = start + i * pieceBytes;
      return { buffer, offset, bytes: Math.min(pieceBytes, target.byteLength - offset) };
    }).filter(({ bytes }) => bytes > 0);
    const encoder = device.createCommandEncoder();
    for (const { buffer, offset, bytes } of pieces) encoder.copyBufferToBuffer(source, offset, buffer, 0, bytes);
    device.queue.submit([encoder.finish()]);
    await Promise.all(pieces.map(({ buffer, bytes }) => buffer.mapAsync(GPUMapMode.READ, 0, bytes)));
    for (const { buffer, offset, bytes } of pieces) {
      target.set(new Float32Array(buffer.getMappedRange(0, bytes)), offset / 4);
      buffer.unmap();
    }
  }
}

const SMALL_STAGING = "small staging";

/** The staging buffer for reading small buffers of up to `bytes`. */
export function smallStagingRequest(bytes: number): BufferRequest {
  return { name: SMALL_STAGING, bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST };
}

/** Reads a small buffer, or the first bytes of a large one. */
export async function readSmall(
  device: GPUDevice,
  source: GPUBuffer,
  buffers: DeviceBuffers,
  size: number = source.size,
): Promise<ArrayBuffer> {
  const staging = buffers.get(SMALL_STAGING);
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(source, 0, staging, 0, size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ, 0, size);
  const bytes = staging.getMappedRange(0, size).slice(0);
  staging.unmap();
  return bytes;
}
