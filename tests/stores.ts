/** Functions that open stores, without the argument that few tests need: the world around the process, here an empty one. */
import * as conversion from "functions/cli/conversion/convert_image.ts";
import * as reduce from "functions/pyramid/reduce_tile.ts";
import * as windows from "shared/image/ome/channel_windows.ts";
import * as images from "shared/image/open_image.ts";
import * as outputs from "shared/image/output/ome_output.ts";
import * as blocks from "shared/image/write/write_block.ts";
import * as tiles from "shared/image/write/write_tile.ts";
import * as arrays from "shared/image/zarr/create_array.ts";
import * as psfs from "shared/psf/load_psf.ts";
import * as stores from "shared/storage/open_store.ts";
import { NO_ENVIRONMENT, type StoreEnvironment } from "shared/storage/store_environment.ts";

let environment = NO_ENVIRONMENT;

/** Sets the world of the tests of this file that name none. */
export function configureStores(world: StoreEnvironment): void {
  environment = world;
}

/** The world that was set last. */
export function storeEnvironment(): StoreEnvironment {
  return environment;
}

interface World {
  readonly environment: StoreEnvironment;
}

/** The environment may be left out of the last argument; all of it, where it holds nothing else that is needed. */
function last2<A, O extends World, R>(open: (first: A, options: O) => R) {
  return (first: A, options?: Omit<O, "environment"> & Partial<World>): R =>
    open(first, { environment, ...options } as O);
}

function last3<A, B, O extends World, R>(open: (first: A, second: B, options: O) => R) {
  return (first: A, second: B, options?: Omit<O, "environment"> & Partial<World>): R =>
    open(first, second, { environment, ...options } as O);
}

export const openStore = last2(stores.openStore);
export const openReadable = last2(stores.openReadable);
export const openImage = last2(images.openImage);
export const reopenImage = last2(images.reopenImage);
export const openPsf = last2(psfs.openPsf);
export const loadPsf = last2(psfs.loadPsf);
export const createArray = last2(arrays.createArray);
export const channelWindows = last2(windows.channelWindows);
export const writeBlock = last3(blocks.writeBlock);
export const writeTile = last3(tiles.writeTile);
export const writeTileRecord = last3(tiles.writeTileRecord);
export const createOutput = last3(outputs.createOutput);
export const convertImage = last2(conversion.convertImage);
export const reduceTile = reduce.createLevelReducer(NO_ENVIRONMENT);
