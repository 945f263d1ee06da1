/**
 * One tile of a coarser level: read the voxels of the level before, take their means, write whole stored objects, leave a
 * record. The bytes depend on the task alone, so it does not matter who does it, or how often.
 */
import type { LevelReport, LevelTask } from "shared/contract/level.ts";
import type { Dtype } from "shared/contract/image_info.ts";
import type { Box } from "shared/volume/geometry.ts";
import { mapAxes, voxelCount } from "shared/volume/geometry.ts";
import type { ChunkValues, Image } from "shared/image/image.ts";
import { openImage, reopenImage } from "shared/image/open_image.ts";
import { readOwn } from "shared/image/output/stored_objects.ts";
import { readBox } from "shared/image/read/read_box.ts";
import { unstoredValue } from "shared/image/read/unstored_box.ts";
import { readVoxels } from "shared/image/read/read_voxels.ts";
import { joinRanges, NO_VALUES } from "shared/volume/value_range.ts";
import { VOXEL_ARRAYS } from "shared/volume/voxel_arrays.ts";
import { writeBlock } from "shared/image/write/write_block.ts";
import { writeConstant } from "shared/image/write/write_constant.ts";
import { writeLevelRecord } from "shared/image/write/write_tile.ts";
import { READ_CONCURRENCY } from "shared/plan/host_memory.ts";
import { pieceShape } from "shared/plan/levels/pyramid.ts";
import { piecesAtOnce } from "shared/plan/levels/level_memory.ts";
import { mapLimited } from "shared/process/map_limited.ts";
import { releaseMemory } from "shared/process/release_memory.ts";
import { VoxelMemory } from "shared/process/voxel_memory.ts";
import { hasCodecThreads, voxelPass } from "shared/codec/threads/codec_threads.ts";
import { storedOuter } from "shared/image/read/select_volumes.ts";
import { placeInVolume, spatialShape } from "shared/volume/spatial.ts";
import type { StoreAccess, StoreEnvironment } from "shared/storage/store_environment.ts";
import { withSpan } from "shared/telemetry/span.ts";

/**
 * Makes what writes one tile of a level.
 *
 * @throws {ClearstackError} (the tile) what reading or writing throws; `cancelled`
 */
export function createLevelReducer(
  environment: StoreEnvironment,
): (task: LevelTask, signal: AbortSignal) => Promise<LevelReport> {
  const memory = new VoxelMemory();
  return (task, signal) => {
    const about = { "clearstack.task": task.tile.index, "clearstack.level": task.level };
    return withSpan("level tile", about, () => reduceTile(task, { environment, memory, signal }));
  };
}

/** What a task is done with. */
interface Means extends StoreAccess {
  readonly signal: AbortSignal;
  /** Of the floats that are read. */
  readonly memory: VoxelMemory;
}

async function reduceTile(task: LevelTask, { memory, ...access }: Means): Promise<LevelReport> {
  if (hasCodecThreads()) memory.share();
  using _memory = memory.use();
  const started = performance.now();
  const { finer, source, level, output, tile } = task;
  const image = source === undefined
    ? await openImage({ url: finer.url, path: finer.array, axes: finer.axes.join("") }, access)
    : await reopenImage(source, access);
  const { bytesRead, range, written } = await isZeros(image, task, access.signal)
    ? {
      bytesRead: 0,
      range: { least: 0, largest: 0 },
      written: await writeConstant(output, { ...tile, value: 0 }, access),
    }
    : await reduceStored(image, task, { ...access, memory });
  const { bytesWritten, objects } = written;
  const seconds = (performance.now() - started) / 1000;
  const report = { index: tile.index, level, seconds, bytesRead, bytesWritten, ...range };
  await writeLevelRecord(task, { ...report, objects }, access);
  return report;
}

/** True if nothing is stored of what a tile is the mean of, and all of it is 0: so is the tile then, of which nothing is stored either. */
async function isZeros(image: Image, task: LevelTask, signal: AbortSignal): Promise<boolean> {
  const box = finerBox(image, task, task.tile.core);
  return Object.is(await unstoredValue(image, { outer: task.tile.outer, box, boundary: "constant", signal }), 0);
}

async function reduceStored(image: Image, task: LevelTask, { memory, ...access }: Means) {
  const { source, output, tile } = task;
  const core = newVoxels(output.dtype, voxelCount(tile.core.shape), memory);
  const target = { box: tile.core, values: core };
  let [bytesRead, range] = [0, NO_VALUES];
  const reducePiece = async (piece: Box) => {
    const readPiece = () => readFiner(image, task, piece, { ...access, memory });
    const { values, shape, bytesRead: read } = await (source === undefined ? readOwn(readPiece) : readPiece());
    const options = { shape, factors: task.factors, dtype: output.dtype, part: piece, target };
    const ofPiece = await voxelPass("reduceInto", values, options);
    range = joinRanges(range, ofPiece);
    leaveVoxels(values, memory);
    bytesRead += read;
  };
  const finer = { chunk: task.finer.chunk, shape: spatialShape(image.info) };
  const atOnce = piecesAtOnce({ finer, factors: task.factors, chunk: output.chunk });
  await mapLimited([...pieces(task)], atOnce, reducePiece);
  const written = await writeBlock(output, { outer: tile.outer, core: tile.core, values: core }, access);
  leaveVoxels(core, memory);
  return { bytesRead, range, written };
}

/** Voxels of any type, those of most images in memory that is used again. */
function newVoxels(dtype: Dtype, count: number, memory: VoxelMemory): ChunkValues {
  return dtype === "float32" || dtype === "uint16" || dtype === "uint8"
    ? memory.take(dtype, count)
    : new VOXEL_ARRAYS[dtype](count);
}

function leaveVoxels(values: ChunkValues, memory: VoxelMemory): void {
  const isKept = values instanceof Float32Array || values instanceof Uint16Array || values instanceof Uint8Array;
  if (isKept) memory.leave(values);
  else releaseMemory(values);
}

/**
 * The core in boxes that each read few whole chunks of the finer level, so that a task needs little memory beside its core and
 * reads no chunk twice that lies inside it.
 */
function* pieces({ finer, factors, tile: { core } }: LevelTask): Generator<Box> {
  const step = pieceShape(finer.chunk, factors);
  const [alongZ, alongY, alongX] = mapAxes((axis) => cut(core.start[axis], core.shape[axis], step[axis]));
  for (const z of alongZ) {
    for (const y of alongY) {
      for (const x of alongX) yield { start: [z.start, y.start, x.start], shape: [z.length, y.length, x.length] };
    }
  }
}

/** Cuts a stretch wherever a multiple of `step` lies. */
function cut(start: number, length: number, step: number): { readonly start: number; readonly length: number }[] {
  const stretches: { start: number; length: number }[] = [];
  for (let at = start; at < start + length;) {
    const next = Math.min(start + length, (Math.floor(at / step) + 1) * step);
    stretches.push({ start: at, length: next - at });
    at = next;
  }
  return stretches;
}

/** The box of the finer level that a part of a tile is the mean of; where that level ends, smaller than its factors say. */
function finerBox({ info }: Image, { factors }: LevelTask, part: Box): Box {
  const end = spatialShape(info);
  const start = mapAxes((axis) => part.start[axis] * factors[axis]);
  return { start, shape: mapAxes((axis) => Math.min(part.shape[axis] * factors[axis], end[axis] - start[axis])) };
}

/** The voxels that a piece is the mean of. */
async function readFiner(image: Image, task: LevelTask, piece: Box, { memory, signal }: Means) {
  const { outer } = task.tile;
  const { start, shape } = finerBox(image, task, piece);
  const { dtype } = image.info;
  if (dtype === "float32" || dtype === "uint16") {
    const into = memory.take(dtype, voxelCount(shape));
    const options = { outer, box: { start, shape }, boundary: "constant", signal } as const;
    return { shape, ...await readBox(image, { ...options, dataType: dtype, into }) };
  }
  const { start: first } = placeInVolume(image.info);
  const box = { start: mapAxes((axis) => first[axis] + start[axis]), shape };
  const stored = { outer: storedOuter(image.info, outer), box };
  return { shape, ...await readVoxels(image, { ...stored, concurrency: READ_CONCURRENCY, signal }) };
}
